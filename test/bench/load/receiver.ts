import { connect, type Socket } from 'node:net';
import { serve } from '../child.js';
import { micros, ownCpuMicros } from '../clock.js';
import { FrameWalker } from './frames.js';
import { createHistogram, type Histogram, type Latencies } from './histogram.js';
import { findStamp, readStamp } from './stamp.js';

/** Devices of a bench: sockets that count the messages they get and look at nothing else. */
export interface Receiver {
  /** Opens a WebSocket for each path. Resolves when all are open, in order of the paths, so many at once. */
  open(input: { host: string; port: number; paths: string[]; atOnce: number }): Promise<void>;
  /** Messages so far, and the time of `micros()`. */
  frames(input: null): { frames: number; at: number };
  /**
   * Resolves when so many messages have come in all, with the time of the last; rejects after `within` milliseconds.
   */
  until(input: { frames: number; within: number }): Promise<{ at: number }>;
  /** Begins to read the stamps of messages. */
  beginLatencies(input: null): void;
  endLatencies(input: null): Latencies;
  /** The last so many of the sockets that were opened are not read any more. */
  mute(input: { sockets: number }): void;
  /** Closes all sockets and resolves when they are closed. */
  drop(input: null): Promise<void>;
  cpuMicros(input: null): number;
}

const HEAD_END = '\r\n\r\n';
/** Sockets take turns with these source addresses: one has 28,000 ports. */
const SOURCES = 8;

/** All reads go there: what a read brought is counted before the next. */
const shared = Buffer.alloc(256 * 1024);
const sockets = new Set<Socket>();
let frames = 0;
let lastAt = 0;
let goal: { frames: number; resolve(): void } | undefined;
let latencies: Histogram | undefined;

function received(buffer: Buffer, start: number, whole: boolean): void {
  frames++;
  if (latencies !== undefined && whole) {
    const stamp = findStamp(buffer, start);
    const sent = stamp < 0 ? 0 : readStamp(buffer, stamp);
    if (sent > 0) latencies.record(micros() - sent);
  }
  if (goal !== undefined && frames >= goal.frames) {
    lastAt = micros();
    goal.resolve();
    goal = undefined;
  }
}

/** Masked, as a client's frames must be, with a mask of zeros. */
function pongOf(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function openSocket(host: string, port: number, path: string, source: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let walker: FrameWalker | undefined;
    let head = '';
    const socket = connect({
      host,
      port,
      localAddress: `127.0.0.${2 + (source % SOURCES)}`,
      noDelay: true,
      onread: {
        buffer: shared,
        callback(size) {
          if (walker !== undefined) {
            walker.read(shared, 0, size);
            return true;
          }
          const before = head.length;
          head += shared.toString('latin1', 0, size);
          const end = head.indexOf(HEAD_END);
          if (end < 0) return true;
          if (!head.startsWith('HTTP/1.1 101')) reject(new Error(`no upgrade: ${head.slice(0, 60)}`));
          walker = new FrameWalker({ message: received, ping: (payload) => void socket.write(pongOf(payload)) });
          walker.read(shared, end + HEAD_END.length - before, size);
          resolve();
          return true;
        },
      },
    });
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', reject);
    socket.on('connect', () =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${HEAD_END}`,
      ),
    );
  });
}

serve<Receiver>({
  async open({ host, port, paths, atOnce }) {
    let next = 0;
    async function lane(): Promise<void> {
      for (let index = next++; index < paths.length; index = next++) {
        await openSocket(host, port, paths[index] ?? '', index);
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane));
  },
  frames: () => ({ frames, at: micros() }),
  async until({ frames: wanted, within }) {
    if (frames >= wanted) return { at: micros() };
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        goal = undefined;
        reject(new Error(`${frames} of ${wanted} messages came in ${within} ms`));
      }, within);
      goal = {
        frames: wanted,
        resolve() {
          clearTimeout(timer);
          resolve();
        },
      };
    });
    return { at: lastAt };
  },
  beginLatencies() {
    latencies = createHistogram();
  },
  endLatencies() {
    const summary = (latencies ?? createHistogram()).summary();
    latencies = undefined;
    return summary;
  },
  mute({ sockets: count }) {
    for (const socket of [...sockets].slice(-count)) socket.pause();
  },
  async drop() {
    for (const socket of sockets) socket.destroy();
    while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  },
  cpuMicros: ownCpuMicros,
});
