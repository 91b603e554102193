import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { toContext } from './material.js';
import type { TlsSource } from './source.js';

/** Milliseconds that a handshake may take. */
const HANDSHAKE_LIMIT = 10_000;

/** The TLS of a port. */
export interface PortTls {
  /** The certificate that it shows. */
  readonly ports: TlsSource;
  /** CAs of clients: whoever shows a certificate is checked, and whoever shows none is let in all the same. */
  readonly clients?: TlsSource | undefined;
}

/**
 * Returns options of Node.js' servers for the files that are in use now, and keeps a server current.
 *
 * @returns the options, and what must be told of the server that was made with them
 */
export function tlsOptions({ ports, clients }: PortTls) {
  const context = (material = ports.current(), trusted = clients?.current()) =>
    toContext({ ...material, ca: trusted?.ca });
  const asked: TlsOptions = clients === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
  return {
    options: { ...context(), ...asked, handshakeTimeout: HANDSHAKE_LIMIT },
    follow(server: { setSecureContext(context: TlsOptions): void }): void {
      ports.onChange((material) => server.setSecureContext(context(material)));
      clients?.onChange((material) => server.setSecureContext(context(undefined, material)));
    },
  };
}

/**
 * Returns a server that hands each connection over once it may be spoken on: at once in plain text, after the handshake
 * with TLS. Its `connection` event is for all of them, before that.
 *
 * @param tls undefined: plain text
 * @param protocols for ALPN
 */
export function createListener(tls: PortTls | undefined, protocols: string[], take: (socket: Socket) => void): Server {
  if (tls === undefined) return createServer(take);
  const { options, follow } = tlsOptions(tls);
  const server = createTlsServer({ ...options, ALPNProtocols: protocols }, take);
  // Who has not said hello as one should is gone without a word: there is nothing to say it in.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  follow(server);
  return server;
}
