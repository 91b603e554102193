import { host, ignore, type WebSocketConstructor, type WebSocketLike } from './host.js';
import type { Transport } from './transport.js';

/** The subprotocol, which a server answers. */
const SUBPROTOCOL = 'onepush.v1';
/** Prefix of the one that carries the device id. */
const SUBPROTOCOL_OF_ID = 'onepush.device.';
const OPEN = 1;

/** The events of a WebSocket, and what those of the package `ws` have beyond. */
interface EventfulSocket extends WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code?: number; reason?: string }) => void) | null;
  onerror: (() => void) | null;
  on?(event: 'ping', listener: () => void): void;
  terminate?(): void;
}

/**
 * Returns the transport over WebSockets.
 *
 * @param Socket the class to use; by default that of the runtime, which Node.js has from 22 on
 */
export function webSocketTransport(Socket: WebSocketConstructor | undefined = host.WebSocket): Transport {
  if (Socket === undefined) {
    throw new TypeError('No WebSocket here: give the option WebSocket, such as that of the package ws');
  }
  return {
    open({ url, deviceId }, events) {
      const address = `${url.replace(/^http/, 'ws')}/msgpush.ws?control=1`;
      // Not in the address, which proxies write into their logs; and not in a header, which browsers do not send.
      const protocols = [SUBPROTOCOL, `${SUBPROTOCOL_OF_ID}${deviceId}`];
      // Safe: every WebSocket has these handlers; what `ws` alone has is looked for.
      const socket = new Socket(address, protocols) as EventfulSocket;
      socket.onopen = () => events.opened();
      socket.onmessage = ({ data }) => {
        if (typeof data === 'string') events.frame(data);
      };
      socket.onclose = ({ code = 1006, reason = '' }) => events.closed(code, reason);
      // The close follows, and says more.
      socket.onerror = ignore;
      socket.on?.('ping', () => events.alive());

      function silence(): void {
        socket.onopen = null;
        socket.onclose = null;
      }
      return {
        send(text) {
          if (socket.readyState === OPEN) socket.send(text);
        },
        close() {
          silence();
          socket.close(1000);
        },
        cut() {
          silence();
          if (socket.terminate === undefined) socket.close();
          else socket.terminate();
        },
      };
    },
  };
}
