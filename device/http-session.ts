import { bound, type Fetch, host, ignore } from './host.js';
import type { TransportEvents, TransportTarget } from './transport.js';

/** Parts that the two transports over HTTP share. A session goes on over either, from the cursor that is kept here. */
export interface HttpSession {
  /** Asks for messages. `wait`: seconds, for a list; undefined: for a stream. */
  receive(wait: number | undefined, signal: unknown): Promise<StreamResponse>;
  /** Remembers how far the device has received. */
  reached(cursor: string): void;
  /** Sends the frames of a device: heartbeats aside. */
  send(text: string): void;
  /** Says how far the device has received; that a stream of the session lives is shown on it. */
  acknowledge(): void;
  /** The session has ended: its cursor means nothing any more. */
  forget(): void;
  /** Tells what an answer that brings no messages means. */
  refused(response: StreamResponse, events: TransportEvents): void;
}

/** A `Response` whose body may be a stream. */
export interface StreamResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: { get(name: string): string | null };
  /** The body; absent where the runtime has no streams. */
  readonly body?: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }> } } | null;
  /** Reads its body. */
  text(): Promise<string>;
}

/** The close code of a connection that broke. */
export const CUT = 1006;
const RESTARTING = 1012;
const NOT_REGISTERED = 4404;
/** Confirmations that come within so many milliseconds go together, so many at once. */
const GATHER_MS = 20;
const MOST_IDS = 1_000;
const MOST_CURSORS = 8;

/** Cursors up to which devices have received, by address and id: a device has one session, whatever carries it. */
const cursors = new Map<string, string>();

/** Returns the session of a device. */
export function createHttpSession({ url, deviceId }: TransportTarget, fetch: Fetch | undefined): HttpSession {
  const call = fetch ?? host.fetch;
  const key = `${url} ${deviceId}`;
  const authorization = `Bearer ${deviceId}`;
  const ids: string[] = [];

  function post(body: object): void {
    const headers = { 'Content-Type': 'application/json', Authorization: authorization };
    // What is lost with it comes again.
    call?.(`${url}/msgpush/confirm`, { method: 'POST', headers, body: JSON.stringify(body), keepalive: true }).catch(
      ignore,
    );
  }

  function flush(): void {
    while (ids.length > 0) post({ ids: ids.splice(0, MOST_IDS) });
  }

  return {
    async receive(wait, signal) {
      if (call === undefined) throw new TypeError('No fetch here');
      const cursor = cursors.get(key);
      const headers = { Authorization: authorization, ...(cursor !== undefined && { 'Last-Event-ID': cursor }) };
      const query = wait === undefined ? '' : `?wait=${wait}`;
      // Safe: a Response may have a body that is a stream.
      return (await call(`${url}/msgpush/events${query}`, { headers, signal, cache: 'no-store' })) as StreamResponse;
    },
    reached(cursor) {
      cursors.delete(key);
      cursors.set(key, cursor);
      const names = new Set(cursors.keys());
      bound(names, MOST_CURSORS);
      for (const name of cursors.keys()) if (!names.has(name)) cursors.delete(name);
    },
    send(text) {
      const id = /^CFM:(\d+)$/.exec(text)?.[1];
      if (id === undefined) return;
      if (ids.length === 0) host.setTimeout(flush, GATHER_MS);
      ids.push(id);
    },
    acknowledge() {
      const cursor = cursors.get(key);
      if (cursor !== undefined) post({ cursor });
    },
    forget: () => void cursors.delete(key),
    refused({ status, headers }, events) {
      const seconds = Number(headers.get('Retry-After'));
      if (status === 404) events.closed(NOT_REGISTERED, '');
      else if (status === 429 && seconds > 0) events.closed(RESTARTING, `reconnect after ${seconds * 1_000} ms`);
      else events.closed(CUT, '');
    },
  };
}
