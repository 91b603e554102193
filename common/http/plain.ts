import { STATUS_CODES } from 'node:http';
import type { Server, Socket } from 'node:net';
import { createListener, type PortTls } from '../tls/listener.js';

/** An answer at a path. */
export interface PlainAnswer {
  /** The status of HTTP. */
  status: number;
  /** The content type; absent: plain text. */
  type?: string;
  /** The body. */
  text: string;
}

/** Connections that a server of this kind holds at once; more are closed. */
const MAX_CONNECTIONS = 256;
/** Bytes that the head of a request may have. */
const MAX_HEAD = 8192;
/** Milliseconds after which a connection that says nothing, or takes nothing, is closed. */
const IDLE_MS = 60_000;
const END = '\r\n\r\n';
const OTHER_VERSION = /^\S+ \S+ HTTP\/(?!1\.[01]\r)/;
const REQUEST_LINE = /^(\S+) (\/\S*) HTTP\/1\.[01]\r\n/;

/**
 * Serves small texts over HTTP/1.1 to operators' tools: GET and HEAD, without bodies, one request at a time on a
 * connection. Whoever sends the next request before the answer is cut off. Node's own server parses all that it has
 * read, thousands of requests in one piece, and nothing stops it in between.
 *
 * @param answerFor answers a path, without its query; must not reject
 * @param tls undefined: it is not encrypted
 */
export function createPlainServer(answerFor: (path: string) => Promise<PlainAnswer>, tls?: PortTls): Server {
  const server = createListener(tls, ['http/1.1'], (socket) => serve(socket, answerFor));
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function serve(socket: Socket, answerFor: (path: string) => Promise<PlainAnswer>): void {
  let head = '';
  let isBusy = false;

  async function handle(request: string): Promise<void> {
    const [, method = '', target = ''] = REQUEST_LINE.exec(request) ?? [];
    const isHead = method === 'HEAD';
    if (method !== 'GET' && !isHead) {
      const isOther = OTHER_VERSION.test(request);
      const status = method !== '' ? 405 : isOther ? 505 : 400;
      const text = status === 505 ? 'it is HTTP/1.1\n' : 'there are only GET and HEAD\n';
      socket.end(toBytes({ status, text }, false, true));
      return;
    }
    const isLast = /\r\nconnection: *close\r\n/i.test(request) || / HTTP\/1\.0\r\n/.test(request);
    const bytes = toBytes(await answerFor(target.split('?')[0] ?? ''), isHead, isLast);
    if (isLast) socket.end(bytes);
    else
      socket.write(bytes, () => {
        isBusy = false;
      });
  }

  socket.setEncoding('latin1').setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    head += chunk;
    const end = head.indexOf(END);
    const isWhole = end >= 0;
    if (isBusy || head.length > MAX_HEAD || (isWhole && end + END.length < head.length)) {
      socket.destroy();
      return;
    }
    if (!isWhole) return;
    isBusy = true;
    const request = head;
    head = '';
    void handle(request);
  });
}

function toBytes({ status, text, type = 'text/plain; charset=utf-8' }: PlainAnswer, isHead: boolean, isLast: boolean) {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `content-type: ${type}`,
    'cache-control: no-store',
    `content-length: ${Buffer.byteLength(text)}`,
    ...(status === 405 ? ['allow: GET, HEAD'] : []),
    ...(isLast ? ['connection: close'] : []),
  ];
  return `${lines.join('\r\n')}${END}${isHead ? '' : text}`;
}
