import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { WAIT_MS } from './eventually.js';
import { createWaiters } from './waiters.js';

/** A frame as the server sent it. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Opcodes of WebSocket frames. */
export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/**
 * A device on a bare TCP socket, which answers nothing by itself. Every wait rejects after `timeoutMs` (5000), or at
 * once when the connection ends.
 */
export interface RawDevice {
  /** Everything that came, but for what uWebSockets sends by itself: pings without a payload. */
  readonly frames: readonly Frame[];
  /** Ids of the messages among them. */
  ids(): string[];
  /** Resolves to all pings once there are at least `count`. */
  pings(count: number, timeoutMs?: number): Promise<readonly Buffer[]>;
  /** Resolves to all messages' ids once there are at least `count`. */
  messages(count: number, timeoutMs?: number): Promise<readonly string[]>;
  pong(payload: Uint8Array): void;
  send(text: string): void;
  /** Sends a close frame and ends its half of the connection. */
  close(): void;
  /** Answers each ping when it is read, from now on, also those that have come. */
  answerPings(): void;
  /** Reads so many bytes a second from now on. */
  readSlowly(bytesPerSecond: number): void;
  /** Reads nothing any more: half-open, as far as the server can tell. */
  deafen(): void;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Cuts the connection with a reset. */
  reset(): void;
}

const SIPS_PER_SECOND = 20;

/** Connects a device; resolves when the handshake is answered. */
export async function connectRawDevice(wsUrl: string, deviceId: string): Promise<RawDevice> {
  const { hostname, port, pathname } = new URL(wsUrl);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => {});
  const frames: Frame[] = [];
  const waiters = createWaiters(() => `got ${frames.length} frames`);
  let input = Buffer.alloc(0);
  let isOpen = false;
  let answers = false;
  let sipping: NodeJS.Timeout | undefined;

  function write(opcode: number, payload: Uint8Array): void {
    // Masked with zeros.
    if (!socket.destroyed)
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }

  function take(chunk: Buffer): void {
    input = Buffer.concat([input, chunk]);
    if (!isOpen) {
      const end = input.indexOf('\r\n\r\n');
      if (end < 0) return;
      isOpen = true;
      input = input.subarray(end + 4);
    }
    for (let frame = nextFrame(); frame !== undefined; frame = nextFrame()) {
      if (frame.opcode === OPCODE.ping && answers) write(OPCODE.pong, frame.payload);
      if (frame.opcode !== OPCODE.ping || frame.payload.length > 0) frames.push(frame);
    }
    waiters.check();
  }

  function nextFrame(): Frame | undefined {
    const [first = 0, short = 0] = input;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (input.length < head) return undefined;
    const length = short < 126 ? short : short === 126 ? input.readUInt16BE(2) : input.readUInt32BE(6);
    if (input.length < head + length) return undefined;
    const payload = Buffer.from(input.subarray(head, head + length));
    input = input.subarray(head + length);
    return { opcode: first & 0x0f, payload };
  }

  const ids = (): string[] =>
    frames.flatMap(({ opcode, payload }) => {
      const [, id] = (opcode === OPCODE.text && /^\{"id":"(\d+)"/.exec(payload.toString())) || [];
      return id === undefined ? [] : [id];
    });
  const pings = (): Buffer[] => frames.flatMap(({ opcode, payload }) => (opcode === OPCODE.ping ? [payload] : []));

  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      clearInterval(sipping);
      waiters.end('the connection has ended');
      resolve();
    });
  });
  socket.on('data', take);
  socket.write(
    `GET ${pathname}?deviceId=${deviceId} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await waiters.waitFor(() => (isOpen ? true : undefined), 5000);

  return {
    frames,
    ids,
    pings: (count, timeoutMs = WAIT_MS) =>
      waiters.waitFor(() => (pings().length >= count ? pings() : undefined), timeoutMs),
    messages: (count, timeoutMs = WAIT_MS) =>
      waiters.waitFor(() => (ids().length >= count ? ids() : undefined), timeoutMs),
    pong: (payload) => write(OPCODE.pong, payload),
    send: (text) => write(OPCODE.text, Buffer.from(text)),
    close() {
      write(OPCODE.close, Buffer.from([0x03, 0xe8]));
      socket.end();
    },
    answerPings() {
      answers = true;
      for (const payload of pings()) write(OPCODE.pong, payload);
    },
    readSlowly(bytesPerSecond) {
      socket.off('data', take);
      socket.pause();
      let owed = 0;
      sipping = setInterval(() => {
        owed += bytesPerSecond / SIPS_PER_SECOND;
        while (owed >= 1) {
          const chunk: Buffer | null = socket.read(Math.min(Math.floor(owed), socket.readableLength || 1));
          if (chunk === null) break;
          owed -= chunk.length;
          take(chunk);
        }
        owed = Math.min(owed, bytesPerSecond);
      }, 1000 / SIPS_PER_SECOND);
    },
    deafen() {
      socket.off('data', take);
      socket.pause();
    },
    closed,
    reset: () => void socket.resetAndDestroy(),
  };
}
