import { type CryptoKey, importJWK } from 'jose';
import { OnePushError } from '../../common/errors.js';
import { createHttpsClient } from '../outbound/https-client.js';
import { createAddressGuard, type HostRules, NOT_PUBLIC } from '../outbound/public-address.js';
import { ALGORITHMS, fromJwk, type PublicKeyKind } from './public-keys.js';

/** A key that its owner has published. */
export interface PublishedKey {
  /** Its kind. */
  readonly kind: PublicKeyKind;
  /** Undefined: it has none. */
  readonly kid: string | undefined;
  /** For verification. */
  readonly key: CryptoKey;
}

/**
 * Keys that business systems publish at addresses (JWK Sets, RFC 7517). They are fetched when they are first asked for,
 * when they are old, and when a key is not among them; but from one address once in so many seconds, whatever is asked
 * for, and once at a time. Only over https, from public addresses, without a redirect; an answer is bounded in bytes
 * and in time.
 */
export interface PublishedKeys {
  /**
   * Returns the keys of an address that fit; none if there is none.
   *
   * @throws OnePushError REGISTRATION_KEYS_UNAVAILABLE if they cannot be fetched, and none are known from before
   */
  find(url: string, fits: (key: PublishedKey) => boolean): Promise<readonly PublishedKey[]>;
  /** Returns the reason for which the last fetch failed; undefined: it did not. */
  problemOf(url: string): string | undefined;
  /** Ends all connections. */
  close(): void;
}

/** Options, for tests. */
export interface PublishedKeysOptions {
  /** Hosts that may be asked; by default those with public addresses. */
  readonly rules?: HostRules;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca?: string;
  /** Time in milliseconds. */
  readonly now?: () => number;
  /** Milliseconds that a fetch may take. */
  readonly timeoutMs?: number;
}

interface Known {
  keys: readonly PublishedKey[] | undefined;
  fetchedAt: number;
  askedAt: number;
  problem: string | undefined;
  fetching: Promise<void> | undefined;
}

/** Milliseconds from one fetch of an address to the next at the least. */
export const REFETCH_MS = 10_000;
/** Age at which keys are fetched again, and up to which they are used where that fails, in milliseconds. */
export const FRESH_MS = 300_000;
export const STALE_MS = 3_600_000;
/** A call over the link waits no longer than five seconds. */
const TIMEOUT_MS = 3000;
const MAX_ADDRESSES = 1000;
const MAX_KEYS = 100;
const MAX_SOCKETS = 2;

/** Returns published keys of which none is known yet. */
export function createPublishedKeys(options: PublishedKeysOptions = {}): PublishedKeys {
  const { ca, now = Date.now, timeoutMs = TIMEOUT_MS, rules = { publicHosts: ['*'], trustedHosts: [] } } = options;
  const guard = createAddressGuard(rules);
  const client = createHttpsClient({ ca, maxSockets: MAX_SOCKETS, lookup: guard.lookup });
  const known = new Map<string, Known>();

  function entryOf(url: string): Known {
    const entry = known.get(url) ?? {
      keys: undefined,
      fetchedAt: 0,
      askedAt: Number.NEGATIVE_INFINITY,
      problem: undefined,
      fetching: undefined,
    };
    if (!known.has(url) && known.size >= MAX_ADDRESSES) known.delete(known.keys().next().value ?? '');
    known.set(url, entry);
    return entry;
  }

  async function fetch(url: string, entry: Known): Promise<void> {
    entry.askedAt = now();
    const result = await ask(url).catch(() => 'error');
    if (typeof result === 'string') entry.problem = result;
    else {
      entry.problem = undefined;
      entry.keys = result;
      entry.fetchedAt = now();
    }
    entry.fetching = undefined;
  }

  /** Resolves with the reason for which there are no keys, a word of ours. */
  async function ask(url: string): Promise<readonly PublishedKey[] | string> {
    if (!guard.allows(new URL(url))) return NOT_PUBLIC;
    const deadline = performance.now() + timeoutMs;
    const answer = await client.request({ url, method: 'GET', headers: { accept: 'application/json' }, deadline });
    if (answer.kind !== 'answered') return answer.reason;
    if (answer.status !== 200) return `http_${answer.status}`;
    if (answer.body === undefined) return 'answer_cut';
    return (await readKeys(answer.body)) ?? 'no_jwks';
  }

  /** Undefined: there was one just now. */
  function refetch(url: string, entry: Known): Promise<void> | undefined {
    if (entry.fetching === undefined && now() - entry.askedAt >= REFETCH_MS) entry.fetching = fetch(url, entry);
    return entry.fetching;
  }

  return {
    async find(url, fits) {
      const entry = entryOf(url);
      const age = now() - entry.fetchedAt;
      const found = age < STALE_MS ? (entry.keys?.filter(fits) ?? []) : [];
      if (found.length > 0) {
        if (age >= FRESH_MS) void refetch(url, entry);
        return found;
      }
      await refetch(url, entry);
      const { keys, fetchedAt } = entry;
      if (keys === undefined || now() - fetchedAt >= STALE_MS) throw new OnePushError('REGISTRATION_KEYS_UNAVAILABLE');
      return keys.filter(fits);
    },
    problemOf: (url) => known.get(url)?.problem,
    close: () => client.close(),
  };
}

/** Returns the keys of a JWK Set that are of use; undefined: it is none. */
async function readKeys(body: Buffer): Promise<PublishedKey[] | undefined> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const given = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : undefined;
  if (!Array.isArray(given)) return undefined;
  const found: PublishedKey[] = [];
  for (const jwk of given.slice(0, MAX_KEYS) as unknown[]) {
    if (typeof jwk !== 'object' || jwk === null) continue;
    const key = fromJwk(jwk);
    if (key === undefined) continue;
    const kid = 'kid' in jwk && typeof jwk.kid === 'string' ? jwk.kid : undefined;
    const imported = await importJWK(key.jwk, ALGORITHMS[key.kind][0]);
    // Bytes are what it makes of secrets, of which there are none here.
    if (!(imported instanceof Uint8Array)) found.push({ kind: key.kind, kid, key: imported });
  }
  return found;
}
