import { createBatcher } from '../../common/batcher.js';

/** A value that was looked up, or is being looked up. */
export interface Entry<V> {
  /** Undefined: not there, or not loaded yet. */
  readonly value: V | undefined;
  /** While it is being loaded; rejects if that fails. */
  readonly loading: Promise<void> | undefined;
  /** The value may have changed, or is not watched any more: look it up again. */
  readonly stale: boolean;
}

/**
 * Look-ups gathered into set queries, behind a bounded cache. A key that is not there is remembered too. Whoever holds an
 * entry across a turn of the loop checks `stale` before relying on it.
 */
export interface LookupCache<V> {
  get(key: string): Entry<V>;
  /** The value behind a key has changed. */
  invalidate(key: string): void;
  /** Any value may have changed. */
  clear(): void;
  /** How often a key was asked for that was there, or being looked up, and how often one that was not. */
  counts(): { hits: number; misses: number };
}

interface MutableEntry<V> {
  key: string;
  /** When it came to where it stands, as a count of such changes. */
  turn: number;
  value: V | undefined;
  loading: Promise<void> | undefined;
  stale: boolean;
  settle: (error?: unknown) => void;
}

/** How many keys one set query asks for. */
const KEYS_PER_LOAD = 500;

/**
 * @param max how many entries are kept; one that was not used for long goes first
 * @param load the values of those keys that have one
 */
export function createLookupCache<V>(max: number, load: (keys: string[]) => Promise<Map<string, V>>): LookupCache<V> {
  const entries = new Map<string, MutableEntry<V>>();
  /** How near to the end an entry stays where it is when it is used: to move it costs more than to find it. */
  const near = Math.floor(max / 4);
  let turn = 0;
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
        drop(entry);
        entry.settle(error);
      }
    }
  });

  function drop(entry: MutableEntry<V>): void {
    entry.stale = true;
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
  }

  function add(key: string): MutableEntry<V> {
    const entry: MutableEntry<V> = {
      key,
      turn: ++turn,
      value: undefined,
      loading: undefined,
      stale: false,
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
    loader.add(entry);
    const oldest = entries.size > max ? entries.values().next().value : undefined;
    if (oldest !== undefined) drop(oldest);
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
      if (turn - entry.turn >= near) {
        entry.turn = ++turn;
        entries.delete(key);
        entries.set(key, entry);
      }
      return entry;
    },
    invalidate(key) {
      const entry = entries.get(key);
      if (entry !== undefined) drop(entry);
    },
    clear() {
      for (const entry of entries.values()) drop(entry);
    },
    counts: () => ({ hits, misses }),
  };
}
