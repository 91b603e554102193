import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Opens a raw connection; undefined if it is refused. Errors afterwards only close it. */
export function dial(to: { host: string; port: number }): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(to);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

/** Opens so many connections, a hundred at a time; those that are refused are left out. */
export async function dialMany(to: { host: string; port: number }, count: number): Promise<Socket[]> {
  const open: Socket[] = [];
  for (let left = count; left > 0; left -= 100) {
    const some = await Promise.all(Array.from({ length: Math.min(100, left) }, () => dial(to)));
    open.push(...some.filter((socket) => socket !== undefined));
  }
  return open;
}

/** Cuts connections off. */
export function dropAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

/**
 * Opens a connection and asks for a WebSocket on it, reading nothing unless told. Undefined if it is refused.
 *
 * @param from the client's address, as a trusted proxy names it
 */
export async function dialWebSocket(
  to: { host: string; port: number },
  deviceId: string,
  from = '',
): Promise<Socket | undefined> {
  const socket = await dial(to);
  const forwarded = from === '' ? '' : `X-Forwarded-For: ${from}\r\n`;
  socket?.write(
    `GET /msgpush.ws?deviceId=${deviceId} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${forwarded}` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  return socket;
}

/** Resolves when the first bytes have come: the answer to the handshake. False if the connection ended before. */
export function answered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('data', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
}

/** A masked text frame of up to 125 bytes, as a client sends it. The mask is zero. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** A well-formed JSON POST with this body. */
export function postOf(path: string, body: string): string {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/**
 * Repeats work in so many loops until the time is over; what fails is only counted as done. Resolves with the count.
 */
export async function repeat(seconds: number, loops: number, work: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await work().catch(() => undefined);
      count++;
      // Refusals that come at once must not starve what is under way.
      await sleep(1);
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return count;
}

/** Resolves when the connection has ended, or after so many milliseconds. */
export function ended(socket: Socket, timeoutMs: number): Promise<void> {
  return firstOf(socket, timeoutMs, () => undefined);
}

/**
 * Writes, as long as the other side takes it; resolves when all is taken, the connection has ended or the time is over.
 */
export function pour(socket: Socket, bytes: string | Buffer, timeoutMs: number): Promise<void> {
  return firstOf(socket, timeoutMs, (done) => socket.write(bytes, () => done()));
}

/** Resolves when `begin` calls back, the connection has ended or the time is over, and listens no more. */
function firstOf(socket: Socket, timeoutMs: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    if (socket.destroyed) done();
    else socket.once('close', done);
    begin(done);
  });
}
