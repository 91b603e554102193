import { createBatcher } from '../../common/batcher.js';

/** A value that was looked up, or is being looked up. It is that of when it was asked for, or later. */
export interface Entry<V> {
  /** Undefined: not there, or not loaded yet. */
  readonly value: V | undefined;
  /** While it is being loaded; rejects if that fails. */
  readonly loading: Promise<void> | undefined;
}

/**
 * Look-ups gathered into set queries, behind a bounded cache. A key that is not there is remembered too.
 *
 * An entry that is dropped, for room or because its value has changed, stays good for whoever holds it: only who asks
 * afterwards gets another. So what is registered while a push is on its way, or pushed for very many names at once,
 * never sends the push back.
 */
export interface LookupCache<V> {
  /** Returns the entry of a key, which is loaded if it is not there. */
  get(key: string): Entry<V>;
  /** The value behind a key has changed, or may have: who asks from now on gets one that is loaded from now on. */
  invalidate(key: string): void;
  /** A key has a value now that never changes: a value that is known stays. */
  invalidateAbsent(key: string): void;
  /** Returns how often a key was asked for that was there or being looked up, and how often one that was not. */
  counts(): { hits: number; misses: number };
}

interface MutableEntry<V> {
  key: string;
  /** Its index in `ring`. */
  place: number;
  /** Since the hand last passed it. */
  used: boolean;
  value: V | undefined;
  loading: Promise<void> | undefined;
  settle: (error?: unknown) => void;
}

/** Number of keys that one set query asks for. */
const KEYS_PER_LOAD = 500;

/**
 * @param max how many entries are kept; one that was not used for long goes first
 * @param load the values of those keys that have one
 */
export function createLookupCache<V>(max: number, load: (keys: string[]) => Promise<Map<string, V>>): LookupCache<V> {
  const entries = new Map<string, MutableEntry<V>>();
  /**
   * The same entries; a hand goes round and makes room where it finds one that was not used since it was there last
   * (CLOCK).
   */
  const ring: MutableEntry<V>[] = [];
  let hand = 0;
  let hits = 0;
  let misses = 0;
  const loader = createBatcher<MutableEntry<V>>(KEYS_PER_LOAD, async (batch) => {
    try {
      const values = await load(batch.map((entry) => entry.key));
      for (const entry of batch) {
        entry.value = values.get(entry.key);
        entry.settle();
      }
    } catch (error) {
      for (const entry of batch) {
        if (entries.get(entry.key) === entry) drop(entry);
        entry.settle(error);
      }
    }
  });

  function drop(entry: MutableEntry<V>): void {
    entries.delete(entry.key);
    // The last one takes its place.
    const last = ring.pop();
    if (last === undefined || last === entry) return;
    last.place = entry.place;
    ring[last.place] = last;
  }

  /** The place for another entry. */
  function findPlace(): number {
    if (ring.length < max) return ring.length;
    for (;;) {
      hand = hand + 1 < ring.length ? hand + 1 : 0;
      const entry = ring[hand];
      if (entry?.used) {
        entry.used = false;
        continue;
      }
      if (entry !== undefined) entries.delete(entry.key);
      return hand;
    }
  }

  function add(key: string): MutableEntry<V> {
    const entry: MutableEntry<V> = {
      key,
      place: findPlace(),
      used: false,
      value: undefined,
      loading: undefined,
      settle: () => {},
    };
    entry.loading = new Promise((resolve, reject) => {
      entry.settle = (error) => {
        entry.loading = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    // Whoever waits is told; that nobody may be waiting is no fault.
    entry.loading.catch(() => {});
    entries.set(key, entry);
    ring[entry.place] = entry;
    loader.add(entry);
    return entry;
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) {
        misses++;
        return add(key);
      }
      hits++;
      entry.used = true;
      return entry;
    },
    invalidate(key) {
      const entry = entries.get(key);
      if (entry !== undefined) drop(entry);
    },
    invalidateAbsent(key) {
      const entry = entries.get(key);
      if (entry !== undefined && entry.value === undefined) drop(entry);
    },
    counts: () => ({ hits, misses }),
  };
}
