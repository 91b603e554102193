import { OnePushError } from '../common/errors.js';
import type { ClientAddress } from '../common/http/client-address.js';
import { createKeyedBuckets, type KeyedBuckets } from '../common/limits/keyed-buckets.js';
import { ADDRESS_LIMITS, type AddressLimit } from '../common/limits/names.js';
import type { Logger } from '../common/logs/log.js';

/** Limits of what one address may do; see ClientAddress for who has none. Of this process alone. */
export interface AddressLimits {
  /** A device is about to be registered. @throws OnePushError LIMIT_REACHED */
  registering(client: ClientAddress): void;
  /**
   * A connection is about to be opened. Returns the error to refuse it with: the address has come with too many ids
   * that nobody has, and the core is not asked about another.
   */
  connecting(client: ClientAddress): OnePushError | undefined;
  /**
   * A device is about to ask for its history. @throws OnePushError LIMIT_REACHED also if the address has come with too
   * many ids that nobody has
   */
  readingHistory(client: ClientAddress, deviceId: string): void;
  /** A WebSocket is open, whose end must be told. Returns false if it must be closed: the address has too many. */
  opened(network: string): boolean;
  /** It is closed. */
  closed(network: string): void;
  /** The core says that nobody has the id that a connection came with. */
  unknownId(network: string): void;
  /** Number of refusals since the start. */
  refused(): Readonly<Record<AddressLimit, number>>;
}

/** The rates and the numbers; 0: no limit. */
export interface AddressLimitOptions {
  registrationsPerSecond: number;
  unknownIdsPerSecond: number;
  sessions: number;
}

/** Networks of which is remembered what they have used, for each limit: 10 MB at the most. */
const MAX_NETWORKS = 100_000;
/** Pages of history that a device reads: ten at once. */
const HISTORIES_PER_SECOND = 1;
/** Milliseconds between two warnings. */
const WARN_AGAIN_MS = 60_000;

/** Returns limits with nothing used. */
export function createAddressLimits(options: AddressLimitOptions & { log: Logger; now?: () => number }): AddressLimits {
  const { log, now = () => performance.now() } = options;
  const registrations = bucketsOf(options.registrationsPerSecond);
  const unknownIds = bucketsOf(options.unknownIdsPerSecond);
  const histories = bucketsOf(HISTORIES_PER_SECOND);
  const sessions = new Map<string, number>();
  const refused = Object.fromEntries(ADDRESS_LIMITS.map((name) => [name, 0])) as Record<AddressLimit, number>;
  let warnedAt = Number.NEGATIVE_INFINITY;

  function bucketsOf(perSecond: number): KeyedBuckets | undefined {
    return perSecond === 0 ? undefined : createKeyedBuckets({ perSecond, maxKeys: MAX_NETWORKS, now });
  }

  function refuse(limit: AddressLimit): void {
    refused[limit]++;
    if (now() - warnedAt < WARN_AGAIN_MS) return;
    warnedAt = now();
    log.warn(
      { limit },
      'an address is over its limit; a proxy in front of the edge belongs into ONEPUSH_TRUSTED_PROXIES',
    );
  }

  function excessOf(limit: AddressLimit, wait: number | undefined): OnePushError | undefined {
    if (wait === undefined || wait === 0) return undefined;
    refuse(limit);
    return new OnePushError('LIMIT_REACHED', { limit, retryAfterMs: wait });
  }

  function connecting({ network, isExempt }: ClientAddress): OnePushError | undefined {
    return isExempt ? undefined : excessOf('address.unknownIds', unknownIds?.waitMs(network));
  }

  return {
    registering({ network, isExempt }) {
      const excess = isExempt ? undefined : excessOf('address.registrations', registrations?.take(network));
      if (excess !== undefined) throw excess;
    },
    connecting,
    readingHistory(client, deviceId) {
      const excess = connecting(client) ?? excessOf('device.history', histories?.take(deviceId));
      if (excess !== undefined) throw excess;
    },
    opened(network) {
      if (network === '' || options.sessions === 0) return true;
      const open = (sessions.get(network) ?? 0) + 1;
      sessions.set(network, open);
      if (open <= options.sessions) return true;
      refuse('address.sessions');
      return false;
    },
    closed(network) {
      if (network === '' || options.sessions === 0) return;
      const open = (sessions.get(network) ?? 1) - 1;
      if (open > 0) sessions.set(network, open);
      else sessions.delete(network);
    },
    unknownId(network) {
      if (network !== '') unknownIds?.charge(network);
    },
    refused: () => refused,
  };
}
