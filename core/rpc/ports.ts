import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { Logger } from '../../common/logs/log.js';
import type { TlsSource } from '../../common/tls/source.js';
import type { ClientOf } from './connect/client.js';
import { type ConnectServer, createConnectServer } from './connect/server.js';
import type { Console } from './console/console.js';
import { createGrpcServer, type GrpcServer } from './grpc/server.js';
import type { Health } from './health.js';
import { createPools } from './pools.js';
import type { Admit } from './service/admission.js';
import type { PushCoreHandlers } from './service/handlers.js';
import type { ObserveCall, Transport } from './service/interceptors.js';

/** Returns the servers of both ports, which share what calls may hold. Neither listens yet. */
export function createPorts(options: {
  /** Returns the handlers, watched as those of a transport. */
  handlers: (transport: Transport) => PushCoreHandlers;
  health: Health;
  /** Serves EdgeLink. */
  attach: UntypedHandleCall;
  admit: Admit;
  /** Pages that may call the Connect port from a browser. */
  origins: ReadonlySet<string>;
  /** Returns who sends a request to the Connect port. */
  clientOf: ClientOf;
  /** The operators' page; undefined: it is off. */
  console: Console | undefined;
  observe: ObserveCall;
  /** Undefined: plain text. */
  tls: TlsSource | undefined;
  /** CAs of edges; undefined: they need no certificate. */
  edgeCa: TlsSource | undefined;
  log: Logger;
}): { grpc: GrpcServer; connect: ConnectServer } {
  const { handlers, health, attach, tls, edgeCa, origins, clientOf, console, ...rest } = options;
  const common = { ...rest, pools: createPools() };
  return {
    grpc: createGrpcServer({
      ...common,
      handlers: handlers('grpc'),
      health: health.handlers,
      attach,
      tls: tls && { ports: tls, clients: edgeCa },
    }),
    connect: createConnectServer({
      ...common,
      handlers: handlers('connect'),
      checkReadiness: health.checkReadiness,
      origins,
      clientOf,
      console,
      tls,
    }),
  };
}
