import { connect } from 'node:net';

/** A kept HTTP connection with one request under way at a time. */
export interface Connection {
  /** Calls back with whether the answer was 200, and with its body when it was asked for. */
  send(request: Buffer, answered: (ok: boolean, body: string) => void): void;
  close(): void;
}

const HEAD_END = '\r\n\r\n';
const CLOSING_BRACE = '}'.charCodeAt(0);
const STATUS_AT = 'HTTP/1.1 '.length;
const TWO = '2'.charCodeAt(0);

const shared = Buffer.alloc(64 * 1024);

/** Bytes of a POST with a JSON body. */
export function toRequest(path: string, body: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}${HEAD_END}${body}`,
  );
}

/**
 * Resolves when it is connected. All answers must be short JSON objects: an answer is over when a read ends with a
 * brace.
 */
export function openConnection(host: string, port: number, withBodies: boolean): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let answered: ((ok: boolean, body: string) => void) | undefined;
    let text = '';
    let started = false;
    let ok = false;
    let closing = false;
    const socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback(size) {
          if (!started) ok = shared[STATUS_AT] === TWO;
          started = true;
          if (withBodies) text += shared.toString('latin1', 0, size);
          if (shared[size - 1] !== CLOSING_BRACE) return true;
          const body = text.slice(text.indexOf(HEAD_END) + HEAD_END.length);
          started = false;
          text = '';
          answered?.(ok, body);
          return true;
        },
      },
    });
    socket.on('connect', () =>
      resolve({
        send(request, callback) {
          answered = callback;
          socket.write(request);
        },
        close() {
          closing = true;
          socket.destroy();
        },
      }),
    );
    socket.on('error', reject);
    socket.on('close', () => {
      if (!closing) throw new Error('a connection of the load was closed');
    });
  });
}
