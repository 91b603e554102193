import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../../common/version.js';
import { StoreUnavailable } from '../errors.js';

/** A database as it is, before a core touches it. */
export interface StoreInspection {
  readonly kind: 'sqlite' | 'mysql';
  /** Version of the server or the library, as it says itself. */
  readonly version: string;
  /** False: a core of this release does not work with that version. */
  readonly isSupported: boolean;
  /** The last migration that was made, such as `0012_limits`; undefined: there is no store yet. */
  readonly migration: string | undefined;
  /** The last one of this release. */
  readonly wanted: string;
  /** Number of migrations that are still to be made; below 0: a newer release has made more. */
  readonly pending: number;
  /** True if there are tables of a store, but nothing says which migrations made them. */
  readonly isCutShort: boolean;
  /** True if the server takes no writes of this user. */
  readonly isReadOnly: boolean;
  /** False: what is committed may be lost when the server crashes. */
  readonly isDurable: boolean;
  /** The database's clock minus ours, in milliseconds; undefined: it has none of its own. */
  readonly clockAheadMs: number | undefined;
  /** Privileges that the user lacks; undefined: it is not known. */
  readonly missingPrivileges: readonly string[] | undefined;
  /** Bytes that are free where its files are; undefined: that is on another machine, or not known. */
  readonly freeBytes: number | undefined;
}

/** The state of migrations, from the times that Drizzle writes down of those that were made. */
export function readMigrations(
  folder: string,
  madeAt: readonly number[],
): Pick<StoreInspection, 'migration' | 'wanted' | 'pending'> {
  const journal: { entries: { when: number; tag: string }[] } = JSON.parse(
    readFileSync(join(folder, 'meta', '_journal.json'), 'utf8'),
  );
  const last = Math.max(Number.NEGATIVE_INFINITY, ...madeAt);
  const known = journal.entries.map(({ when }) => when);
  const unknown = madeAt.filter((when) => when > Math.max(...known)).length;
  const migration = journal.entries.findLast(({ when }) => when <= last)?.tag;
  return {
    migration: unknown > 0 ? 'of a newer release' : migration,
    wanted: journal.entries.at(-1)?.tag ?? '',
    pending: unknown > 0 ? -unknown : known.filter((when) => when > last).length,
  };
}

/**
 * Refuses tables that a newer release has changed: this one would read and write them as they were.
 *
 * @param madeAt times that Drizzle wrote down of the migrations that were made
 * @throws StoreUnavailable if there is a migration that this release does not know
 */
export function refuseNewerTables(folder: string, madeAt: readonly number[]): void {
  const { pending, wanted } = readMigrations(folder, madeAt);
  if (pending >= 0) return;
  const hint = `its tables are of a newer release than this one (${VERSION}, ${wanted}): use that release, or a backup`;
  throw new StoreUnavailable('NEWER_TABLES', hint);
}
