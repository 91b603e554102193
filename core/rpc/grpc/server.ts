import type { Socket } from 'node:net';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { type MethodDefinition, Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { OnePushError } from '../../../common/errors.js';
import { toMethodDefinition, toServiceDefinition } from '../../../common/grpc.js';
import { listenOn } from '../../../common/http/server.js';
import type { Logger } from '../../../common/logs/log.js';
import type { Address } from '../../../common/settings/env.js';
import { createListener, type PortTls } from '../../../common/tls/listener.js';
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.js';
import { file_google_rpc_status } from '../../../gen/google/rpc/status_pb.js';
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { Health } from '../../../gen/health/v1/health_pb.js';
import { EdgeLink } from '../../../gen/onepush/link/v1/edge_link_pb.js';
import { file_onepush_v1_error } from '../../../gen/onepush/v1/error_pb.js';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { HealthHandlers } from '../health.js';
import type { Pools } from '../pools.js';
import { decodeRequest } from '../request-decoding.js';
import type { Admit } from '../service/admission.js';
import type { PushCoreHandlers } from '../service/handlers.js';
import type { ObserveCall } from '../service/interceptors.js';
import { toGrpcCall } from './calls.js';
import { createGrpcDoor } from './door.js';
import { createReflection } from './reflection.js';

/**
 * The gRPC port: PushCore for internal services, with health and reflection for their tools, and EdgeLink for edges.
 */
export interface GrpcServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /**
   * Takes no new calls, and closes every connection that has none; resolves when the open ones have ended, or are cut
   * off after `grace` milliseconds.
   */
  stop(grace: number): Promise<void>;
}

/** As a batch of the link may be; the door says less for most methods. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Streams that one connection may have open. */
const MAX_STREAMS = 100;
/** Connections that may be open; beyond it a new one is closed at once. */
const MAX_CONNECTIONS = 4096;
/** For how long a connection may be open without a call, in milliseconds. A client connects again by itself. */
const MAX_IDLE = 300_000;
/** For the rest of a request that has begun when the server stops, in milliseconds. */
const REQUEST_REST = 1000;

/** Services that reflection shows: EdgeLink is internal. */
const SHOWN = [PushCore, Health, ServerReflection, ServerReflectionAlpha];
/** Files of the messages that errors carry. */
const DETAILS = [file_google_rpc_status, file_google_rpc_error_details, file_onepush_v1_error];

/** Returns a server that does not listen yet. */
export function createGrpcServer(options: {
  handlers: PushCoreHandlers;
  health: HealthHandlers;
  /** Serves EdgeLink, which lets edges in itself. */
  attach: UntypedHandleCall;
  admit: Admit;
  pools: Pools;
  /** Told of calls that are not let in. */
  observe?: ObserveCall;
  /** Undefined: plain text. With clients, edges must show a certificate. */
  tls?: PortTls | undefined;
  log: Logger;
}): GrpcServer {
  const { handlers, health, attach, admit, pools, observe, tls, log } = options;
  const methods = new Map<string, DescMethod>();
  const edgePath = tls?.clients === undefined ? undefined : toMethodDefinition(EdgeLink, EdgeLink.method.attach).path;
  const door = createGrpcDoor({ methods, edgePath, admit, pools, observe, log });
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_connection_idle_ms': MAX_IDLE,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
    interceptors: [door.interceptor],
  });
  const reflection = createReflection(SHOWN, DETAILS);
  serve(PushCore, handlers);
  serve(Health, health);
  serve(ServerReflection, reflection);
  // The older version, which many tools ask first, has the same messages.
  serve(ServerReflectionAlpha, reflection, ServerReflection.methods);
  server.addService(toServiceDefinition(EdgeLink), { Attach: attach });

  /** @param handlers by the local names of their methods; a method without one is answered UNIMPLEMENTED */
  function serve(service: DescService, handlers: object, served: readonly DescMethod[] = service.methods): void {
    const byName = new Map<string, unknown>(Object.entries(handlers));
    const definitions: Record<string, MethodDefinition<unknown, unknown>> = {};
    const calls: Record<string, UntypedHandleCall> = {};
    for (const method of served) {
      const definition = toGuardedDefinition(service, method);
      definitions[method.name] = definition;
      methods.set(definition.path, method);
      const handler = byName.get(method.localName);
      if (handler !== undefined) calls[method.name] = toGrpcCall(method, handler, log, door);
    }
    server.addService(definitions, calls);
  }

  // A server of our own: grpc-js has no bound for connections. What it is given is secure already.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const open = new Set<Socket>();
  const listener = createListener(tls, ['h2'], (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    injector.injectConnection(socket);
  });
  listener.maxConnections = MAX_CONNECTIONS;
  return {
    listen: (address) => listenOn(listener, address, 'ONEPUSH_GRPC_LISTEN'),
    async stop(grace) {
      listener.close();
      door.stop(Math.min(grace, REQUEST_REST));
      const limit = setTimeout(() => {
        server.forceShutdown();
        for (const socket of open) socket.destroy();
      }, grace);
      const closed = [...open].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
      // Node.js ends its side when a connection has no call left, and waits for the client to do the same: a silent
      // one never does.
      for (const socket of open) socket.once('finish', () => socket.destroy());
      // From Node.js 24 on, grpc-js finds its connections closing already and does not wait for their calls.
      await Promise.all([new Promise<void>((resolve) => server.tryShutdown(() => resolve())), ...closed]);
      clearTimeout(limit);
      door.close();
    },
  };
}

/**
 * The definition of a method whose requests are read within bounds: what breaks them becomes an error, which the door
 * answers with.
 */
function toGuardedDefinition(service: DescService, method: DescMethod): MethodDefinition<unknown, unknown> {
  const requestDeserialize = (bytes: Buffer): unknown => {
    try {
      return decodeRequest(method, bytes);
    } catch (error) {
      if (error instanceof OnePushError) return error;
      throw error;
    }
  };
  // Of any method: its messages are what its handler takes and answers.
  return { ...toMethodDefinition(service, method), requestDeserialize } as MethodDefinition<unknown, unknown>;
}
