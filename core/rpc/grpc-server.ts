import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { type Address, ConfigError, formatAddress } from '../../common/env.js';
import { toServiceDefinition } from '../../common/grpc.js';
import type { Logger } from '../../common/log.js';
import { EdgeLink } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { toGrpcCall } from './grpc-calls.js';
import { eachHandler, type PushCoreHandlers } from './handlers.js';

/** The gRPC port: PushCore for internal services, EdgeLink for edges. */
export interface GrpcServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /** Takes no new calls; resolves when the open ones have ended, or are cut off after `graceSeconds`. */
  stop(graceSeconds: number): Promise<void>;
}

/** Larger messages are refused. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export function createGrpcServer(handlers: PushCoreHandlers, attach: UntypedHandleCall, log: Logger): GrpcServer {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
  });
  const calls = [...eachHandler(handlers)].map(({ method, handler }) => [
    method.name,
    toGrpcCall(method, handler, log),
  ]);
  server.addService(toServiceDefinition(PushCore), Object.fromEntries(calls));
  server.addService(toServiceDefinition(EdgeLink), { Attach: attach });
  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.bindAsync(formatAddress(address), ServerCredentials.createInsecure(), (error, port) => {
          if (error === null) resolve(formatAddress({ ...address, port }));
          else reject(new ConfigError([`cannot listen on ${formatAddress(address)} (ONEPUSH_GRPC_LISTEN)`]));
        });
      }),
    stop: (graceSeconds) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => server.forceShutdown(), graceSeconds * 1000);
        server.tryShutdown(() => {
          clearTimeout(limit);
          resolve();
        });
      }),
  };
}
