import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DeviceStorage } from './storage.js';

/**
 * Returns a storage in a file, readable by its owner only, which one process uses at a time. A write has reached the
 * disk when it resolves; a crash leaves the file as it was before a write, or as it is after.
 */
export function fileStorage(path: string): DeviceStorage {
  let last: Promise<unknown> = Promise.resolve();
  let texts: Promise<Map<string, string>> | undefined;

  async function load(): Promise<Map<string, string>> {
    try {
      return new Map(Object.entries<string>(JSON.parse(await readFile(path, 'utf8'))));
    } catch (error) {
      // What Node.js rejects with has a code.
      if ((error as { code?: string }).code === 'ENOENT') return new Map();
      throw error;
    }
  }

  async function write(change: (texts: Map<string, string>) => void): Promise<void> {
    texts ??= load();
    const all = await texts;
    change(all);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(Object.fromEntries(all)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  /** Writes one after the other, for they share the new file. */
  function inTurn(change: (texts: Map<string, string>) => void): Promise<void> {
    const step = (): Promise<void> => write(change);
    const own = last.then(step, step);
    last = own;
    return own;
  }

  return {
    async getItem(key) {
      texts ??= load();
      return (await texts).get(key) ?? null;
    },
    setItem: (key, value) => inTurn((all) => all.set(key, value)),
    removeItem: (key) => inTurn((all) => all.delete(key)),
  };
}
