/**
 * The parts of a runtime that the package uses, where they are there. Neither the types of browsers nor those of
 * Node.js are assumed: React Native and workers have some of both.
 */
interface Host {
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  fetch?: Fetch;
  atob?(text: string): string;
  AbortController: new () => { readonly signal: AbortSignalLike; abort(): void };
  performance?: { now(): number };
  crypto?: { getRandomValues?(bytes: Uint8Array): Uint8Array };
  WebSocket?: WebSocketConstructor;
  ReadableStream?: unknown;
  TextDecoder?: new () => { decode(bytes: Uint8Array | undefined, options: { stream: boolean }): string };
  localStorage?: StorageLike;
  document?: EventSource & { readonly visibilityState: string };
  navigator?: { readonly onLine?: boolean; readonly locks?: LockManagerLike };
  BroadcastChannel?: new (name: string) => ChannelLike;
  WorkerGlobalScope?: unknown;
  addEventListener?: EventSource['addEventListener'];
  removeEventListener?: EventSource['removeEventListener'];
}

declare const timer: unique symbol;
/** A timer of the runtime, whatever that is. */
export type Timer = { readonly [timer]: never };

/** An `AbortSignal`, as far as it is used. */
export interface AbortSignalLike {
  /** It has been aborted. */
  readonly aborted: boolean;
  /** Adds a listener. */
  addEventListener(type: 'abort', listener: () => void): void;
  /** Removes it. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** `fetch`, as far as it is used: `init` has `method`, `headers` as an object, `body` as text, and `signal`. */
export type Fetch = (url: string, init: object) => Promise<FetchResponse>;

/** A `Response`, as far as it is used. */
export interface FetchResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: { get(name: string): string | null };
  /** Reads its body. */
  text(): Promise<string>;
}

/** The constructor of a `WebSocket`: that of the runtime, or of the package `ws`. */
export interface WebSocketConstructor {
  /** Connects. */
  new (url: string, protocols?: string[]): WebSocketLike;
}

/** A `WebSocket`, as far as its users must know it. */
export interface WebSocketLike {
  /** 1: it is open. */
  readonly readyState: number;
  /** Sends a text frame. */
  send(text: string): void;
  /** Closes in order. */
  close(code?: number): void;
}

/** `localStorage`. */
interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A document, or the global object. */
export interface EventSource {
  /** Adds a listener. */
  addEventListener(type: string, listener: () => void): void;
  /** Removes it. */
  removeEventListener(type: string, listener: () => void): void;
}

/** `navigator.locks`. */
export interface LockManagerLike {
  /** Calls `hold` once the lock is this tab's, which it stays until what that returns has settled. */
  request(name: string, options: { signal: AbortSignalLike }, hold: () => Promise<void>): Promise<void>;
}

/** A `BroadcastChannel`. */
export interface ChannelLike {
  /** Told of what others post. */
  onmessage: ((event: { data: unknown }) => void) | null;
  /** Posts to the others. */
  postMessage(data: unknown): void;
  /** Closes it. */
  close(): void;
}

/** The runtime. The cast is safe: each part is either looked for before it is used, or there in every runtime. */
export const host = globalThis as unknown as Host;

/** Returns milliseconds of a clock that nobody sets, where there is one. */
export function now(): number {
  return host.performance?.now() ?? Date.now();
}

/** Does nothing. */
export function ignore(): void {}

/** Removes the oldest beyond so many. */
export function bound<T>(set: Set<T>, size: number): void {
  for (const oldest of set) if (set.size > size) set.delete(oldest);
}
