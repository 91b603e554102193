import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, WebSocketBehavior } from 'uWebSockets.js';
import { cannotListen } from '../common/http/server.js';
import { type Address, formatAddress } from '../common/settings/env.js';
import type { TlsSource } from '../common/tls/source.js';
import { probePort } from './public-port.js';
import { uWS } from './uws.js';

/** The paths of a port. They are kept: each app that takes the port over is told all of it. */
export interface Routes {
  /** Serves a path, whatever the method. */
  any(path: string, serve: (res: HttpResponse, req: HttpRequest) => void): void;
  /** Serves WebSockets at a path. */
  ws<T>(path: string, behavior: WebSocketBehavior<T>): void;
  /** Watches connections: each when it comes, before any handshake, and when it goes as long as it is no WebSocket. */
  filter(watch: (res: HttpResponse, change: number) => void): void;
}

/**
 * A port of uWebSockets, in plain text or TLS. An app of uWebSockets has one certificate for as long as it lives. So
 * another app listens at the same port when that changes, and the earlier one closes its own listener: its connections
 * live on, and end as they would have. What was about to connect at that moment is reset, and connects again.
 */
export interface PublicServer extends Routes {
  /**
   * Resolves with the address that it listens on.
   *
   * @throws ConfigError if it cannot
   */
  listen(): Promise<string>;
  /** Takes no more connections. */
  stopListening(): void;
  /** Closes all connections. */
  close(): void;
}

/**
 * uWebSockets shares a port that is taken with whoever else shares it, which workers want, and apps that follow each
 * other; LIBUS_LISTEN_EXCLUSIVE_PORT makes it an error. It takes a host and options together, though its types do not
 * say so.
 */
const LISTEN = { shared: 0, exclusive: 1 } as const;
interface ListenerWithOptions {
  listen(host: string, port: number, options: number, cb: (socket: us_listen_socket | false) => void): void;
}

/** If others listen at a port, too. */
export type PortUse = keyof typeof LISTEN;

/** Returns a server that serves nothing yet. */
export function createPublicServer(options: {
  address: Address;
  /** The setting that names the address. */
  setting: string;
  use: PortUse;
  /** Undefined: plain text. */
  tls: TlsSource | undefined;
}): PublicServer {
  const { address, setting, use, tls } = options;
  const registrations: ((app: TemplatedApp) => void)[] = [];
  const apps: TemplatedApp[] = [];
  let listening: us_listen_socket | undefined;
  /** The listener of the app before. */
  let replaced: us_listen_socket | undefined;
  let port = address.port;

  function buildApp(): TemplatedApp {
    const { cert, key } = tls?.files ?? {};
    // It reads the files itself, and throws if it cannot use them.
    const app =
      cert === undefined || key === undefined
        ? uWS.App()
        : uWS.SSLApp({ cert_file_name: cert.path, key_file_name: key.path, ssl_prefer_low_memory_usage: true });
    for (const register of registrations) register(app);
    return app;
  }

  function closeReplaced(): void {
    if (replaced !== undefined) uWS.us_listen_socket_close(replaced);
    replaced = undefined;
  }

  /** Its callback comes at once. */
  function tryListen(app: TemplatedApp, sharing: PortUse): boolean {
    let opened = false;
    (app as unknown as ListenerWithOptions).listen(address.host, port, LISTEN[sharing], (socket) => {
      if (!socket) return;
      opened = true;
      closeReplaced();
      replaced = listening;
      listening = socket;
      // What waits there to be accepted would be reset: it is accepted in the turn of the event loop that follows this.
      setImmediate(() => setImmediate(closeReplaced));
      port = uWS.us_socket_local_port(socket);
      apps.push(app);
    });
    return opened;
  }

  tls?.onChange(() => {
    if (listening === undefined) return;
    if (!tryListen(buildApp(), 'shared')) throw cannotListen({ ...address, port }, setting, undefined);
  });

  return {
    any: (path, serve) => registrations.push((app) => app.any(path, serve)),
    ws: (path, behavior) => registrations.push((app) => app.ws(path, behavior)),
    filter: (watch) => registrations.push((app) => app.filter((res, change) => watch(res, Number(change)))),
    async listen() {
      let sharing = use;
      if (tls !== undefined && use === 'exclusive') {
        // The next app must share it with this one: so that it is free is seen to before.
        port = Number((await probePort(address, setting)).split(':').at(-1));
        sharing = 'shared';
      }
      if (!tryListen(buildApp(), sharing)) {
        await probePort(address, setting);
        throw cannotListen(address, setting, undefined);
      }
      return formatAddress({ ...address, port });
    },
    stopListening() {
      closeReplaced();
      if (listening !== undefined) uWS.us_listen_socket_close(listening);
      listening = undefined;
    },
    close() {
      for (const app of apps) app.close();
    },
  };
}
