import { connect } from 'node:net';

/** What came back on a raw connection. */
export interface RawAnswer {
  /** Everything received, as Latin-1 text (one character a byte). */
  text: string;
  /** The HTTP status; undefined where what came is no HTTP response. */
  status: number | undefined;
  /** Whether the server had closed or reset the connection; false: the response was whole and it is still open. */
  closed: boolean;
}

/**
 * Sends these bytes, well-formed or not, and resolves when a whole response has come or the server closed or reset the
 * connection, and closes it then. Rejects when neither happens within `timeoutMs` (5000) or nothing listens there.
 */
export function rawRequest(httpUrl: string, bytes: string | Uint8Array, timeoutMs = 5_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(httpUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = '';
    let connected = false;
    function finish(closed: boolean): void {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, status: statusOf(text), closed });
    }
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no whole response and no close in ${timeoutMs} ms, only: ${JSON.stringify(text)}`));
    }, timeoutMs);
    socket.setEncoding('latin1');
    socket.on('connect', () => {
      connected = true;
      socket.write(bytes);
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (isWhole(text)) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', (error) => {
      if (connected) return finish(true);
      clearTimeout(timer);
      reject(error);
    });
  });
}

function statusOf(text: string): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** Whether the text begins with a final response whose end can be told without the connection closing. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const status = statusOf(text);
  if (end < 0 || status === undefined || status < 200) return false;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  if (status === 204 || status === 304) return true;
  if (/\r\ntransfer-encoding:\s*chunked/i.test(head)) return body.endsWith('0\r\n\r\n');
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1];
  return length !== undefined && body.length >= Number(length);
}
