import type { Logger } from '../common/logs/log.js';
import { countDescriptors, findDescriptorLimit } from './descriptors.js';

/**
 * Keeps the connections of the public port below the number of files that the process may open. A process without a
 * descriptor cannot take a connection, and its listener asks for attention all the time; nor can it reach its core
 * again.
 */
export interface Connections {
  /** Maximum number of sessions: as many as the settings say, or as there are descriptors for. */
  readonly maxSessions: number;
  /**
   * Counts a connection that was accepted. Returns false if it must be closed at once, which `closed` must be told,
   * too.
   */
  accepted(): boolean;
  /** A connection is closed. */
  closed(): void;
  /**
   * A WebSocket was closed from this side: its descriptor stays until its client closes, too, or for as long as that
   * may take.
   */
  left(): void;
  /** Returns true if so many sockets have been turned away that no more should be opened to be told why. */
  isCrowded(): boolean;
  /** Number of connections that were closed at once. */
  refused(): number;
}

/** Descriptors that connections never get: for the link, the ops port, logs and look-ups of names. */
const RESERVED = 64;
/** Of the connections, this part is never WebSockets: requests have their place. */
const FOR_REQUESTS = 1 / 8;
/** Seconds after which a socket that was told to close is gone, whatever its client does. */
const LINGER = 20;
/** So many sockets that are about to go may hold a descriptor before others are refused earlier. */
const MAX_LINGERING = 1000;
/** Milliseconds between two looks at how many descriptors are in use, and between two warnings. */
const LOOK_AGAIN = 250;
const WARN_AGAIN = 60_000;

/** Returns a count of connections, of which there are none. */
export function createConnections(options: {
  maxSessions: number;
  log: Logger;
  findLimit?: () => number | undefined;
  count?: () => number | undefined;
  now?: () => number;
}): Connections {
  const { log, findLimit = findDescriptorLimit, count = countDescriptors, now = () => performance.now() } = options;
  const limit = findLimit();
  const own = count() ?? 0;
  const max = limit === undefined ? Number.POSITIVE_INFINITY : Math.max(2, limit - own - RESERVED);
  const maxSessions = Math.min(options.maxSessions, Math.max(1, Math.floor(max * (1 - FOR_REQUESTS))));
  if (maxSessions < options.maxSessions) {
    log.warn(
      { descriptors: limit, wanted: options.maxSessions, maxSessions },
      'too few descriptors for so many sessions',
    );
  }
  let open = 0;
  let refused = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  /** Sockets that were told to close, by the second. */
  let leaving: { second: number; sockets: number }[] = [];
  let lingering = 0;
  let looked = { at: Number.NEGATIVE_INFINITY, inUse: 0 };

  function forget(): void {
    const second = Math.floor(now() / 1000);
    while (leaving[0] !== undefined && leaving[0].second < second - LINGER) {
      lingering -= leaving[0].sockets;
      leaving = leaving.slice(1);
    }
  }

  /** Returns the number of descriptors in use, as far as that was looked at lately. */
  function inUse(): number {
    if (now() - looked.at >= LOOK_AGAIN) looked = { at: now(), inUse: count() ?? 0 };
    return looked.inUse;
  }

  /**
   * Returns true if all places are taken. Sockets that were told to close may be gone already: only then the system is
   * asked.
   */
  function isFull(): boolean {
    if (open > max) return true;
    forget();
    if (open + lingering <= max) return false;
    const known = looked;
    const used = inUse();
    // One more since then.
    if (looked === known) looked.inUse++;
    return used > max + own;
  }

  return {
    maxSessions,
    accepted() {
      open++;
      if (!isFull()) return true;
      refused++;
      if (now() - warnedAt >= WARN_AGAIN) {
        warnedAt = now();
        log.warn({ descriptors: limit, connections: max, refused }, 'connections are refused: no descriptors are left');
      }
      return false;
    },
    closed() {
      open--;
    },
    left() {
      open--;
      forget();
      const second = Math.floor(now() / 1000);
      const last = leaving.at(-1);
      if (last?.second === second) last.sockets++;
      else leaving.push({ second, sockets: 1 });
      lingering++;
    },
    isCrowded() {
      forget();
      const bound = Math.min(MAX_LINGERING, max * FOR_REQUESTS);
      // Nearly all sockets that were closed are gone at once: only those that are not count, and only then the system
      // is asked.
      return lingering > bound && inUse() - own - open > bound;
    },
    refused: () => refused,
  };
}
