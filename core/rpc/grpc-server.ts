import type { DescService } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { type Address, ConfigError, formatAddress } from '../../common/env.js';
import { toMethodDefinition, toServiceDefinition } from '../../common/grpc.js';
import type { Logger } from '../../common/log.js';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { file_google_rpc_status } from '../../gen/google/rpc/status_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { Health } from '../../gen/health/v1/health_pb.js';
import { EdgeLink } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { file_onepush_v1_error } from '../../gen/onepush/v1/error_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { toGrpcCall } from './grpc-calls.js';
import type { PushCoreHandlers } from './handlers.js';
import type { HealthHandlers } from './health.js';
import { createReflection } from './reflection.js';

/** The gRPC port: PushCore for internal services, with health and reflection for their tools, and EdgeLink for edges. */
export interface GrpcServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /** Takes no new calls; resolves when the open ones have ended, or are cut off after `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

/** Larger messages are refused. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** What reflection shows: EdgeLink is internal. */
const SHOWN = [PushCore, Health, ServerReflection, ServerReflectionAlpha];
/** What errors carry. */
const DETAILS = [file_google_rpc_status, file_google_rpc_error_details, file_onepush_v1_error];

export function createGrpcServer(options: {
  handlers: PushCoreHandlers;
  health: HealthHandlers;
  /** Serves EdgeLink. */
  attach: UntypedHandleCall;
  log: Logger;
}): GrpcServer {
  const { handlers, health, attach, log } = options;
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
  });
  server.addService(toServiceDefinition(PushCore), toGrpcCalls(PushCore, handlers, log));
  server.addService(toServiceDefinition(Health), toGrpcCalls(Health, health, log));
  const reflection = toGrpcCalls(ServerReflection, createReflection(SHOWN, DETAILS), log);
  server.addService(toServiceDefinition(ServerReflection), reflection);
  // The older version, which many tools ask first, has the same messages.
  const method = ServerReflection.method.serverReflectionInfo;
  server.addService({ [method.name]: toMethodDefinition(ServerReflectionAlpha, method) }, reflection);
  server.addService(toServiceDefinition(EdgeLink), { Attach: attach });
  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.bindAsync(formatAddress(address), ServerCredentials.createInsecure(), (error, port) => {
          if (error === null) resolve(formatAddress({ ...address, port }));
          else reject(new ConfigError([`cannot listen on ${formatAddress(address)} (ONEPUSH_GRPC_LISTEN)`]));
        });
      }),
    stop: (grace) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => server.forceShutdown(), grace);
        server.tryShutdown(() => {
          clearTimeout(limit);
          resolve();
        });
      }),
  };
}

/** @param handlers by the local names of their methods; a method without one is answered UNIMPLEMENTED */
function toGrpcCalls(service: DescService, handlers: object, log: Logger): Record<string, UntypedHandleCall> {
  const byName = new Map<string, unknown>(Object.entries(handlers));
  const calls = service.methods.flatMap((method) => {
    const handler = byName.get(method.localName);
    return handler === undefined ? [] : [[method.name, toGrpcCall(method, handler, log)]];
  });
  return Object.fromEntries(calls);
}
