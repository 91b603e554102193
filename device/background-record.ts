import type { Fetch } from './host.js';
import { SEEN } from './ledger.js';
import { findRegistered } from './registrar.js';
import { call, RegistrationError } from './rest.js';
import type { SafeStorage } from './storage.js';

/** Knows what a service worker has shown and owes, and what the device of the pages has had. One step at a time. */
export interface BackgroundRecord {
  /** Returns true if a message was shown, or a page's device is done with it. */
  wasHad(id: string): Promise<boolean>;
  /** A message is shown. */
  shown(id: string): Promise<void>;
  /**
   * Confirms messages, and those that could not be confirmed before. Returns false if the service cannot be reached: it
   * will be worth another try.
   */
  confirm(ids: readonly string[]): Promise<boolean>;
}

const SHOWN = 'shown';
const OWED = 'owed';
/** Ids that are kept of each. */
const MOST = { shown: 200, owed: 100 };

/** Returns the record of what the storage has, which confirms by `fetch`. */
export function createBackgroundRecord(storage: SafeStorage, fetch: Fetch): BackgroundRecord {
  const read = async (key: string): Promise<string[]> =>
    ((await storage.get(key)) ?? '').split(',').filter((id) => id !== '');

  return {
    async wasHad(id) {
      const [shown, seen] = await Promise.all([read(SHOWN), read(SEEN)]);
      return shown.includes(id) || seen.includes(id);
    },
    async shown(id) {
      const ids = await read(SHOWN);
      await storage.set(SHOWN, [...ids, id].slice(-MOST.shown).join());
    },
    async confirm(ids) {
      const owed = [...new Set([...(await read(OWED)), ...ids])].slice(-MOST.owed);
      const registered = await findRegistered(storage);
      if (owed.length === 0 || registered === undefined) return true;
      // Before it is tried: the browser may end the worker at any time.
      await storage.set(OWED, owed.join());
      // The address comes first in what was sent.
      const [url] = registered.sent.split(' ', 1);
      try {
        const body = JSON.stringify({ ids: owed });
        await call(fetch, `${url}/msgpush/confirm`, body, { authorization: registered.id });
      } catch (error) {
        if (!(error instanceof RegistrationError && error.isFinal)) return false;
      }
      await storage.set(OWED, undefined);
      return true;
    },
  };
}
