import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

/** What a server said on one connection. */
export interface Conversation {
  /** The statuses of its final answers, in their order. */
  statuses: number[];
  /** Everything that came, as Latin-1 text. */
  text: string;
  /** Whether it ended the connection. */
  closed: boolean;
}

/**
 * Sends these packets over one connection, each once the server has read the one before, and resolves when so many
 * final answers have come or the server has closed the connection. On Linux only: nobody else tells what a socket has
 * read. Rejects after `timeoutMs` (5000).
 *
 * @param options.answers how many answers to wait for; by default the server is to close the connection
 * @param options.afterwards sent once they have come: one answer more is waited for then
 * @param options.halfClose the client's half of the connection is closed with the last packet
 */
export async function converse(
  httpUrl: string,
  packets: readonly (string | Uint8Array)[],
  options: { answers?: number; afterwards?: string; halfClose?: boolean; timeoutMs?: number } = {},
): Promise<Conversation> {
  const { answers = Number.POSITIVE_INFINITY, afterwards, halfClose = false, timeoutMs = 5000 } = options;
  const { hostname, port } = new URL(httpUrl);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
  const said: Conversation = { statuses: [], text: '', closed: false };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    said.text += chunk;
    said.statuses = statusesOf(said.text);
  });
  for (const event of ['end', 'error', 'close']) {
    socket.on(event, () => {
      said.closed = true;
    });
  }
  const told = (count: number): Promise<boolean> =>
    eventually(() => said.closed || said.statuses.length >= count, { timeoutMs, message: 'answers or a close' });
  try {
    await once(socket, 'connect');
    for (const [index, packet] of packets.entries()) {
      if (said.closed) break;
      const bytes = typeof packet === 'string' ? Buffer.from(packet, 'latin1') : packet;
      const isLast = index === packets.length - 1;
      if (halfClose && isLast) socket.end(bytes);
      else socket.write(bytes);
      const isTaken = (): boolean => said.closed || isRead(socket);
      if (!isLast) await eventually(isTaken, { timeoutMs, message: 'the server to read a packet' });
    }
    await told(answers);
    if (afterwards === undefined || said.closed) return said;
    socket.write(afterwards);
    await told(answers + 1);
    return said;
  } finally {
    socket.destroy();
  }
}

/** Whether the other end, a process of this machine, has taken from its kernel all that was sent. */
function isRead(socket: Socket): boolean {
  if (socket.writableLength > 0) return false;
  const hex = (port: number | undefined): string => Number(port).toString(16).toUpperCase().padStart(4, '0');
  const [server, client] = [hex(socket.remotePort), hex(socket.localPort)];
  const line = new RegExp(`: \\w+:${server} \\w+:${client} \\w+ \\w+:(\\w+)`, 'm');
  const [, unread] = line.exec(readFileSync('/proc/net/tcp', 'utf8')) ?? [];
  // No line: the server has closed its end.
  return unread === undefined || Number.parseInt(unread, 16) === 0;
}

/** The statuses of the final answers that are whole, or of unknown length. */
function statusesOf(text: string): number[] {
  const found: number[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1]);
    if (end < 0 || Number.isNaN(status)) return found;
    const head = rest.slice(0, end);
    const length = status < 200 ? '0' : /\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1];
    if (status >= 200) found.push(status);
    if (length === undefined) return found;
    rest = rest.slice(end + 4 + Number(length));
  }
}
