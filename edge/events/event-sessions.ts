import { OnePushError } from '../../common/errors.js';
import type { AddressLimits } from '../address-limits.js';
import type { Hub } from '../ws/hub.js';
import type { SocketObserver } from '../ws/server.js';
import { type Cursor, createToken, parseCursor } from './cursor.js';
import { createEventConnection, type EventConnection, type EventTimes } from './event-connection.js';
import type { EventReader } from './reader.js';

/** A request of a device that takes messages. */
export interface EventRequest {
  /** The device id that it came with; it may be nobody's. */
  readonly deviceId: string;
  /** The cursor that it came with; "": none. */
  readonly cursor: string;
  /** The network of its client, for limits by address; "": there are none for it. */
  readonly network: string;
  /** Time to wait for messages; undefined: it is a stream. */
  readonly waitMs: number | undefined;
  /** Begins to answer it, from this place in a session. */
  begin(from: Cursor, gone: () => void): EventReader;
}

/** Sessions over HTTP of this process. */
export interface EventSessions {
  /**
   * Takes a request: into the session that its cursor names, or into a new one.
   *
   * @throws OnePushError LIMIT_REACHED or OVERLOADED if there are as many sessions as may be
   */
  take(request: EventRequest): void;
  /** A device has received all up to a cursor. Returns false if that is not of a session of it here. */
  acknowledge(deviceId: string, cursor: string): boolean;
}

/** The core's close code for an id that nobody has. */
const NOT_REGISTERED = 4404;
const CUT = 1006;
/** So long it is remembered why a session has ended whose client had no request, and of so many at a time. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 10_000;
const RETRY_AFTER_MS = 60_000;
/** Least time that the first request of a session waits, in milliseconds: the core is asked what is there. */
const FIRST_WAIT_MS = 500;

interface Ended {
  readonly deviceId: string;
  readonly code: number;
  readonly reason: string;
  readonly until: number;
}

/** Returns the sessions, of which there are none. */
export function createEventSessions(options: {
  hub: Pick<Hub, 'open' | 'closed' | 'acknowledged'>;
  observer: SocketObserver;
  limits: Pick<AddressLimits, 'opened' | 'closed' | 'unknownId'>;
  times: EventTimes;
  now?: () => number;
}): EventSessions {
  const { hub, observer, limits, times, now = () => performance.now() } = options;
  const open = new Map<string, EventConnection>();
  /** Oldest first. */
  const ended = new Map<string, Ended>();

  function remember(token: string, end: Omit<Ended, 'until'>): void {
    ended.set(token, { ...end, until: now() + REMEMBERED_MS });
    for (const [first, { until }] of ended) {
      if (ended.size <= MAX_REMEMBERED && until > now()) break;
      ended.delete(first);
    }
  }

  function start(
    { deviceId, network, waitMs }: EventRequest,
    resumedFrom: string,
  ): { token: string; connection: EventConnection } {
    if (!limits.opened(network)) {
      limits.closed(network);
      throw new OnePushError('LIMIT_REACHED', { limit: 'address.sessions', retryAfterMs: RETRY_AFTER_MS });
    }
    const token = createToken();
    const connection = createEventConnection({
      token,
      deviceId,
      hub,
      times,
      ended(code, reason, isTold) {
        open.delete(token);
        if (!isTold) remember(token, { deviceId, code, reason });
        observer.closed(code);
        limits.closed(network);
        if (code === NOT_REGISTERED) limits.unknownId(network);
        if (session !== undefined) hub.closed(session);
      },
    });
    const transport = waitMs === undefined ? 'events' : 'poll';
    const session = hub.open(connection, deviceId, { transport, resumedFrom });
    if (session === undefined) {
      limits.closed(network);
      throw new OnePushError('OVERLOADED', { hint: 'the edge has as many connections as it may have' });
    }
    observer.opened();
    connection.opened(session);
    open.set(token, connection);
    return { token, connection };
  }

  function attach(connection: EventConnection, from: Cursor, { begin, waitMs }: EventRequest): void {
    const reader: EventReader = begin(from, () => connection.left(reader));
    connection.attach(reader, waitMs);
  }

  function find(deviceId: string, from: Cursor | undefined): EventConnection | undefined {
    const connection = from && open.get(from.token);
    return connection?.deviceId === deviceId ? connection : undefined;
  }

  return {
    take(request) {
      const { deviceId, cursor } = request;
      const from = parseCursor(cursor);
      const known = find(deviceId, from);
      // It may be closed by that: it has waited for it.
      known?.acknowledge(cursor);
      const end = from && ended.get(from.token);
      if (from !== undefined && end?.deviceId === deviceId && end.until > now() && end.code !== CUT) {
        request.begin(from, () => undefined).closed(end.code, end.reason);
      } else if (from !== undefined && known?.isNext(cursor)) attach(known, from, request);
      else {
        // What was written and has not come comes again, in a session that takes the place of this one.
        known?.continued?.(cursor);
        const { token, connection } = start(request, known === undefined ? cursor : '');
        const waitMs = request.waitMs === undefined ? undefined : Math.max(request.waitMs, FIRST_WAIT_MS);
        attach(connection, { token, number: 0 }, { ...request, waitMs });
      }
    },
    acknowledge: (deviceId, cursor) => find(deviceId, parseCursor(cursor))?.acknowledge(cursor) ?? false,
  };
}
