import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { type Arrivals, createArrivals } from './arrivals.js';
import type { Verdicts } from './verdicts.js';

/** A connection of the implementation, seen from the server. */
export interface Peer {
  /** The device id that it has come with. */
  readonly deviceId: string;
  /** The ids that it has confirmed. */
  readonly confirmations: Arrivals<string>;
  /** Its heartbeats, by the clock of `performance.now()`. */
  readonly heartbeats: Arrivals<number>;
  /** True until it has ended or been given up. */
  isLive(): boolean;
  /** Sends a frame. */
  send(text: string): void;
  /** Sends a message in two fragments, cut within a character. */
  sendInFragments(text: string): void;
  /** Sends a ping with a payload of its own, and resolves with whether it is the next to be answered. */
  ping(withinMs: number): Promise<boolean>;
  /** Closes it. Returns the time, by the clock of `performance.now()`. */
  close(code: number, reason?: string): number;
  /** Ends it without a close frame, behind the first half of a frame where there is one. Returns the time. */
  cut(halfOf?: string): number;
  /** Says nothing more, and reads nothing behind the next heartbeat: the network is gone, and nobody has noticed. */
  freeze(): void;
}

/** Bytes that a frame of a device may have: docs/contract.md. */
const MAX_FRAME_BYTES = 256;
/** Time in which a close is answered, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;

/** Returns the server's side of a connection that is open. */
export function createPeer(deviceId: string, socket: WebSocket, stream: Duplex, verdicts: Verdicts): Peer {
  const confirmations = createArrivals<string>();
  const heartbeats = createArrivals<number>();
  const pongs = createArrivals<string>();
  let isLive = true;
  let isFrozen = false;

  socket.on('message', (data, isBinary) => {
    const text = String(data);
    const [, confirmed] = /^\s*CFM:\s*(\d+)\s*$/i.exec(text) ?? [];
    const isHeartbeat = /^\s*HBT/i.test(text);
    const isKnown = !isBinary && Buffer.byteLength(text) <= MAX_FRAME_BYTES && (isHeartbeat || confirmed !== undefined);
    verdicts.judge('F8', isKnown, `sent ${isBinary ? 'a binary frame' : 'a frame'} that is no HBT and no CFM:<id>`);
    if (confirmed !== undefined) confirmations.push(confirmed);
    if (!isHeartbeat) return;
    heartbeats.push(performance.now());
    if (isFrozen) socket.pause();
    else if (isLive) socket.send('ACK1');
  });
  socket.on('pong', (payload) => pongs.push(payload.toString('hex')));
  socket.on('close', () => {
    isLive = false;
  });
  // The close follows.
  socket.on('error', () => {});

  return {
    deviceId,
    confirmations,
    heartbeats,
    isLive: () => isLive,
    send: (text) => socket.send(text),
    sendInFragments(text) {
      const bytes = Buffer.from(text);
      const at = bytes.findIndex((byte) => byte >= 0x80) + 1 || bytes.length >> 1;
      socket.send(bytes.subarray(0, at), { binary: false, fin: false });
      socket.send(bytes.subarray(at), { binary: false, fin: true });
    },
    async ping(withinMs) {
      const payload = randomBytes(8);
      socket.ping(payload);
      return (await pongs.next(withinMs)) === payload.toString('hex');
    },
    close(code, reason = '') {
      isLive = false;
      socket.close(code, reason);
      setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS).unref();
      return performance.now();
    },
    cut(halfOf) {
      isLive = false;
      if (halfOf === undefined) stream.destroy();
      else stream.write(halfFrame(halfOf), () => stream.destroy());
      return performance.now();
    },
    freeze() {
      isLive = false;
      isFrozen = true;
    },
  };
}

/** Returns the first half of a text frame. */
function halfFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload.subarray(0, payload.length >> 1)]);
}
