import { stat } from 'node:fs/promises';
import { StoreUnavailable } from '../store.js';

/** Time between two looks at the files, in milliseconds: what was committed since the last may be lost with them. */
const LOOK_INTERVAL_MS = 1000;

/**
 * Returns a check that the paths still name the files that they name now. SQLite writes on to a file that was deleted
 * or moved away and says nothing; what it commits then is gone with the process.
 *
 * @returns rejects with StoreUnavailable while another file, or none, is at one of the paths; looks once in `interval`
 * milliseconds
 */
export async function watchFiles(paths: readonly string[], interval = LOOK_INTERVAL_MS): Promise<() => Promise<void>> {
  const opened = await identitiesOf(paths);
  let lookedAt = performance.now();
  return async () => {
    if (performance.now() - lookedAt < interval) return;
    if ((await identitiesOf(paths)) !== opened)
      throw new StoreUnavailable(
        'SQLITE_READONLY_DBMOVED',
        'a file of the database was moved or deleted: put it back, or restart the core',
      );
    lookedAt = performance.now();
  };
}

/** Device and number of each file: what SQLite itself knows a file by. */
async function identitiesOf(paths: readonly string[]): Promise<string> {
  const files = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return files.map((file) => (file === undefined ? 'none' : `${file.dev}:${file.ino}`)).join();
}
