import type { DeviceStorage } from './storage.js';

/** The parts of IndexedDB that are used, without the types of browsers. */
interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface OpenRequest extends Request<Database> {
  onupgradeneeded: (() => void) | null;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction;
  close(): void;
  onclose: (() => void) | null;
  onversionchange: (() => void) | null;
}
interface Transaction {
  objectStore(name: string): ObjectStore;
  readonly error: unknown;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}
interface ObjectStore {
  get(key: string): Request<unknown>;
  put(value: string, key: string): unknown;
  delete(key: string): unknown;
}

const TEXTS = 'texts';

/**
 * Returns a storage in IndexedDB, which pages and their service worker share. A write that has resolved is on the disk.
 *
 * @param name of the database
 */
export function indexedDbStorage(name = 'onepush'): DeviceStorage {
  let opening: Promise<Database> | undefined;

  function open(): Promise<Database> {
    opening ??= new Promise((resolve, reject) => {
      // Safe: each part is there wherever IndexedDB is; where it is not, this throws, and so rejects.
      const { indexedDB } = globalThis as unknown as { indexedDB: { open(name: string): OpenRequest } };
      const request = indexedDB.open(name);
      request.onupgradeneeded = () => request.result.createObjectStore(TEXTS);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // A browser under pressure closes databases by itself, and one that is to be deleted must be let go.
        database.onclose = forget;
        database.onversionchange = () => {
          forget();
          database.close();
        };
        resolve(database);
      };
    });
    opening.catch(forget);
    return opening;
  }

  function forget(): void {
    opening = undefined;
  }

  async function write(change: (texts: ObjectStore) => void): Promise<void> {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TEXTS, 'readwrite', { durability: 'strict' });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      change(transaction.objectStore(TEXTS));
    });
  }

  return {
    async getItem(key) {
      const database = await open();
      return new Promise((resolve, reject) => {
        const request = database.transaction(TEXTS, 'readonly').objectStore(TEXTS).get(key);
        request.onerror = () => reject(request.error);
        request.onsuccess = () => resolve(typeof request.result === 'string' ? request.result : null);
      });
    },
    setItem: (key, value) => write((texts) => texts.put(value, key)),
    removeItem: (key) => write((texts) => texts.delete(key)),
  };
}
