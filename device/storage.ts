import { host } from './host.js';

/**
 * Keeps texts between runs. `localStorage` and React Native's `AsyncStorage` fit as they are. A write that has resolved
 * is still there after a restart. One that fails is reported as an error of the device, which goes on without it.
 */
export interface DeviceStorage {
  /** Reads a text; null: there is none. */
  getItem(key: string): string | null | Promise<string | null>;
  /** Stores a text. */
  setItem(key: string, value: string): unknown;
  /** Removes a text, if it is there. */
  removeItem(key: string): unknown;
}

/** Returns a storage that forgets everything with the process. */
export function memoryStorage(): DeviceStorage {
  const texts = new Map<string, string>();
  return {
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => texts.set(key, value),
    removeItem: (key) => texts.delete(key),
  };
}

/** Returns `localStorage` in a page that may use it, and else a storage in memory. */
export function defaultStorage(): DeviceStorage {
  try {
    // Node.js has one too, which warns.
    if (host.document !== undefined && host.localStorage !== undefined) return host.localStorage;
  } catch {
    // The user forbids it.
  }
  return memoryStorage();
}

/** A storage that never rejects: what fails is told, and counts as absent. */
export interface SafeStorage {
  /** Reads a text. */
  get(key: string): Promise<string | undefined>;
  /** Stores a text, or removes it. */
  set(key: string, value: string | undefined): Promise<void>;
}

/** Returns a storage whose keys begin with the prefix. */
export function safeStorage(storage: DeviceStorage, prefix: string, failed: (error: unknown) => void): SafeStorage {
  return {
    async get(key) {
      try {
        return (await storage.getItem(prefix + key)) ?? undefined;
      } catch (error) {
        failed(error);
        return undefined;
      }
    },
    async set(key, value) {
      try {
        await (value === undefined ? storage.removeItem(prefix + key) : storage.setItem(prefix + key, value));
      } catch (error) {
        failed(error);
      }
    },
  };
}
