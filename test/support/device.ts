import { WebSocket } from 'ws';
import { WAIT_MS } from './eventually.js';
import { createWaiters } from './waiters.js';

/** A message as a device gets it. */
export interface Message {
  /** The `requestId` that its sender was given. */
  id: string;
  appId: string;
  /** Empty where the push had none. */
  tenantCode: string;
  pushMsgType: 'MSG' | 'CMD';
  needConfirm: boolean;
  alert?: string;
  /** Any JSON value. As JSON.parse sees it: for its digits look into `frames`. */
  extra?: unknown;
  /** Only on IOS. */
  sound?: unknown;
  /** Only on IOS. */
  badge?: unknown;
}

/** Why a socket closed. The code is 1006 where it ended without a close frame or never opened. */
export interface Closing {
  code: number;
  reason: string;
}

/**
 * A WebSocket client that remembers what it got. Every wait rejects after `timeoutMs` (5000), or at once on a close.
 */
export interface TestDevice {
  /** Frames that are JSON objects, in order of arrival. */
  readonly messages: readonly Message[];
  /** Every text frame as it came. */
  readonly frames: readonly string[];
  /** Resolves once the socket is open; rejects when the server refuses. */
  readonly opened: Promise<void>;
  /** Never rejects. */
  readonly closed: Promise<Closing>;
  /** Resolves to all messages once there are at least `n`. */
  waitForCount(n: number, timeoutMs?: number): Promise<readonly Message[]>;
  /** The first message, past or to come, that passes. */
  waitForMessage(passes: (message: Message) => boolean, timeoutMs?: number): Promise<Message>;
  /** The first text frame, past or to come, that passes, such as ACK1. */
  waitForFrame(passes: (frame: string) => boolean, timeoutMs?: number): Promise<string>;
  /** Resolves once it has answered a ping that came behind all messages so far: the edge will know that it has them. */
  acknowledged(timeoutMs?: number): Promise<void>;
  /** Sends a text frame; throws while the socket is connecting. */
  send(text: string): void;
  /** Closes in order and resolves when that is done. */
  close(): Promise<Closing>;
  /** Cuts the connection without a close frame, as a lost network does. */
  terminate(): void;
  /** Stops reading, so that what the server sends piles up there. */
  pause(): void;
  /** Ends `pause`. */
  resume(): void;
}

/**
 * Connects a device; returns at once (await `opened`). `wsUrl` is the endpoint without the query; `ca` is for wss;
 * `control` asks for control frames.
 */
export function connectDevice(
  wsUrl: string,
  deviceId: string,
  { control, ...options }: { ca?: string; control?: boolean } = {},
): TestDevice {
  const socket = new WebSocket(`${wsUrl}?deviceId=${encodeURIComponent(deviceId)}${control ? '&control=1' : ''}`, {
    perMessageDeflate: false,
    ...options,
  });
  const messages: Message[] = [];
  const frames: string[] = [];
  const waiters = createWaiters(() => `got ${messages.length} messages, ${frames.length} frames`);

  socket.on('message', (data, isBinary) => {
    if (isBinary) return;
    const frame = data.toString();
    frames.push(frame);
    const message = parseMessage(frame);
    if (message) messages.push(message);
    waiters.check();
  });

  /** Number of messages that a ping has come behind. */
  let pinged = 0;
  // The socket answers it by itself.
  socket.on('ping', () => {
    pinged = messages.length;
    waiters.check();
  });

  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  opened.catch(() => {});
  socket.on('error', () => {});

  const closed = new Promise<Closing>((resolve) => {
    socket.once('close', (code, reason) => {
      waiters.end(`the socket closed (${code} ${reason})`);
      resolve({ code, reason: reason.toString() });
    });
  });

  function waitFor<T>(find: () => T | undefined, timeoutMs = WAIT_MS): Promise<T> {
    return waiters.waitFor(find, timeoutMs);
  }

  return {
    messages,
    frames,
    opened,
    closed,
    waitForCount: (n, timeoutMs) => waitFor(() => (messages.length >= n ? messages : undefined), timeoutMs),
    waitForMessage: (passes, timeoutMs) => waitFor(() => messages.find(passes), timeoutMs),
    waitForFrame: (passes, timeoutMs) => waitFor(() => frames.find(passes), timeoutMs),
    acknowledged: (timeoutMs) =>
      waitFor(() => (pinged >= messages.length ? true : undefined), timeoutMs).then(() => undefined),
    send: (text) => socket.send(text),
    close() {
      socket.close();
      return closed;
    },
    terminate: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

function parseMessage(frame: string): Message | undefined {
  if (!frame.startsWith('{')) return undefined;
  try {
    // Not checked field by field: tests compare the whole with what the contract says.
    return JSON.parse(frame) as Message;
  } catch {
    return undefined;
  }
}
