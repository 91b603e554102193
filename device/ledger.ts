import { bound } from './host.js';
import type { SafeStorage } from './storage.js';

/**
 * Knows what has become of the last messages, also of those before a restart.
 *
 * - new: it has not come yet, or the app has failed with it
 * - taken: it is on its way to the app
 * - done: it is not to be shown again
 */
export interface Ledger {
  /** Adds what is stored: at the start, and when another tab may have stored more. */
  load(): Promise<void>;
  /** Returns how it stands with a message. */
  status(id: string): 'new' | 'taken' | 'done';
  /** A new message has come. */
  take(id: string): void;
  /** The app has failed with a message: unless it is done, it is new when it comes again. */
  release(id: string): void;
  /** Messages are done, as another tab says, which stores it. */
  mark(ids: readonly string[]): void;
  /** Messages are done. Resolves when all that is done is stored. */
  finish(ids: readonly string[]): Promise<void>;
  /** Forgets what the app was not given: it is another user's. */
  clear(): void;
}

/** Name of the text that has the ids of messages that are done, separated by commas. */
export const SEEN = 'seen';

/** Returns a ledger that remembers the last `size` ids. */
export function createLedger(storage: SafeStorage, size: number): Ledger {
  /** Oldest first. */
  const done = new Set<string>();
  const taken = new Set<string>();
  let writing: Promise<void> | undefined;
  let isChanged = false;

  function mark(ids: readonly string[]): void {
    for (const id of ids) {
      taken.delete(id);
      done.delete(id);
      done.add(id);
    }
    bound(done, size);
  }

  /** Writes until there is nothing new: what gathers during a write goes with the next one. */
  async function write(): Promise<void> {
    while (isChanged) {
      isChanged = false;
      await storage.set(SEEN, [...done].join());
    }
    writing = undefined;
  }

  return {
    async load() {
      const stored = (await storage.get(SEEN))?.split(',') ?? [];
      // What this tab knows is newer.
      const own = [...done];
      mark(stored.filter((id) => id !== ''));
      mark(own);
    },
    status(id) {
      if (done.has(id)) return 'done';
      return taken.has(id) ? 'taken' : 'new';
    },
    take(id) {
      taken.add(id);
      // What the app never confirms has expired some day.
      bound(taken, 2 * size);
    },
    release: (id) => taken.delete(id),
    mark,
    finish(ids) {
      mark(ids);
      if (ids.length > 0) isChanged = true;
      if (isChanged) writing ??= write();
      return writing ?? Promise.resolve();
    },
    clear: () => taken.clear(),
  };
}
