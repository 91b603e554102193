import { vi } from 'vitest';
import {
  createDevice,
  type Device,
  type DeviceOptions,
  type DeviceStorage,
  memoryStorage,
  type WebSocketConstructor,
} from '../../../device/core.js';

/** A socket that a test is the server of. */
export class FakeSocket {
  readyState = 0;
  readonly sent: string[] = [];
  /** It was closed by the device. */
  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[] = [],
  ) {}

  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
    this.isClosed = true;
  }
  /** The server accepts it. */
  open(): this {
    this.readyState = 1;
    this.onopen?.();
    return this;
  }
  /** The server sends a frame. */
  say(frame: string): void {
    this.onmessage?.({ data: frame });
  }
  /** The server sends a message. */
  push(id: number, more: Record<string, unknown> = {}): void {
    this.say(
      JSON.stringify({ id: String(id), appId: 'app', tenantCode: '', pushMsgType: 'MSG', needConfirm: false, ...more }),
    );
  }
  /** The server closes it, or the network does. */
  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** An answer of the service to a registration. */
export interface Answer {
  status?: number;
  body?: unknown;
  retryAfter?: string;
}

/** A service and a runtime, of which a test decides all. */
export interface World {
  readonly sockets: FakeSocket[];
  /** The newest socket. */
  socket(): FakeSocket;
  /** Calls of REST: path, body, authorization. */
  readonly calls: { path: string; body: Record<string, unknown>; authorization: string | undefined }[];
  /** What the service answers; by default an id that counts. */
  answer: (path: string) => Answer | Promise<Answer>;
  readonly storage: DeviceStorage;
  /** Lets pass what waits for nothing but its turn. */
  settle(): Promise<void>;
  /** Returns a device whose messages and events are kept. */
  device(options?: Partial<DeviceOptions>): Observed;
}

/** A device, with what it has told. */
export interface Observed {
  readonly device: Device;
  readonly shown: string[];
  readonly states: string[];
  readonly errors: unknown[];
}

/** Returns a world. Its clock is the test's: `vi.useFakeTimers`. */
export function createWorld(): World {
  let registrations = 0;
  const sockets: FakeSocket[] = [];
  const world: World = {
    sockets,
    socket() {
      const newest = sockets.at(-1);
      if (newest === undefined) throw new Error('no socket yet');
      return newest;
    },
    calls: [],
    answer: (path) => (path === '/msgpush/register' ? { body: { id: `id-${++registrations}` } } : { body: {} }),
    storage: memoryStorage(),
    settle: async () => {
      await vi.advanceTimersByTimeAsync(0);
    },
    device(options = {}) {
      const device = createDevice({
        url: 'http://edge.test',
        appId: 'app',
        alias: 'alice',
        platform: 'WEB',
        storage: world.storage,
        // The class has what a device uses.
        WebSocket: class extends FakeSocket {
          constructor(url: string, protocols?: string[]) {
            super(url, protocols);
            sockets.push(this);
          }
        } as WebSocketConstructor,
        async fetch(url, init) {
          // As the type of `fetch` says.
          const { body, headers } = init as { body: string; headers: Record<string, string> };
          const path = new URL(url).pathname;
          world.calls.push({ path, body: JSON.parse(body), authorization: headers.Authorization });
          const { status = 200, body: answer = {}, retryAfter = null } = await world.answer(path);
          return { status, headers: { get: () => retryAfter }, text: async () => JSON.stringify(answer) };
        },
        ...options,
      });
      const observed: Observed = { device, shown: [], states: [], errors: [] };
      device.on('state', (state) => observed.states.push(state.name));
      device.on('error', (error) => observed.errors.push(error));
      device.on('message', ({ id }) => {
        observed.shown.push(id);
      });
      return observed;
    },
  };
  return world;
}

/** Returns a device of the world that is open. */
export async function openDevice(world: World, options?: Partial<DeviceOptions>): Promise<Observed> {
  const observed = world.device(options);
  observed.device.connect();
  await world.settle();
  world.socket().open();
  return observed;
}

/** A page of a browser: `document`, `navigator` and the events of the window. */
export interface FakePage {
  hide(): void;
  show(): void;
  goOffline(): void;
  goOnline(): void;
  /** Number of listeners. */
  listeners(): number;
}

/** Makes this process look like a page until `vi.unstubAllGlobals`. */
export function stubPage(): FakePage {
  const listeners = new Map<string, Set<() => void>>();
  const add = (type: string, listener: () => void): void => {
    listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
  };
  const remove = (type: string, listener: () => void): void => {
    listeners.get(type)?.delete(listener);
  };
  const tell = (type: string): void => {
    for (const listener of [...(listeners.get(type) ?? [])]) listener();
  };
  const document = { visibilityState: 'visible', addEventListener: add, removeEventListener: remove };
  const navigator = { onLine: true };
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('addEventListener', add);
  vi.stubGlobal('removeEventListener', remove);
  return {
    hide() {
      document.visibilityState = 'hidden';
      tell('visibilitychange');
    },
    show() {
      document.visibilityState = 'visible';
      tell('visibilitychange');
    },
    goOffline() {
      navigator.onLine = false;
      tell('offline');
    },
    goOnline() {
      navigator.onLine = true;
      tell('online');
    },
    listeners: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
  };
}
