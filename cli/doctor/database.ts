import { ConfigError, type Environment } from '../../common/settings/env.js';
import type { StoreInspection } from '../../core/inspect-store.js';
import { loadDatabase } from '../database.js';
import { toFailure } from '../failure.js';
import { type Check, fail, ok, warn } from './check.js';

const NAME = 'database';
/** Two clocks that differ by less are the same for all that the store does. */
const CLOCK_MS = 1000;
/** Expiry, leases and retention go by it. */
const BAD_CLOCK_MS = 30_000;
const MIB = 2 ** 20;
/** A burst of messages, and the log of SQLite, may take so much before anybody looks. */
const LITTLE_SPACE = 1024 * MIB;
const NO_SPACE = 64 * MIB;

const READ_ONLY_ADVICE = 'Name the server that is not, or set its read_only to OFF.';
const DURABLE_ADVICE = 'Set innodb_flush_log_at_trx_commit of the server to 1.';

/** Looks at the database of ONEPUSH_DATABASE_URL without changing it. */
export async function checkDatabase(env: Environment): Promise<Check[]> {
  try {
    return judgeStore(await (await loadDatabase(env)).inspect());
  } catch (error) {
    // The settings of the core have said so.
    if (error instanceof ConfigError) return [];
    const { message, hint } = toFailure(error);
    return [fail(NAME, message, hint)];
  }
}

/** Says what a database lacks. */
export function judgeStore(store: StoreInspection): Check[] {
  const { kind, version, isSupported, isReadOnly, isDurable, clockAheadMs, missingPrivileges, freeBytes } = store;
  const name = `${kind} ${version}`;
  return [
    isSupported
      ? ok(NAME, `${name} answers`)
      : fail(NAME, `${name} is too old`, 'MySQL 8.0 and MariaDB 10.6 are the oldest that work.'),
    ...(missingPrivileges === undefined ? [] : [judgePrivileges(missingPrivileges)]),
    ...(isReadOnly ? [fail('writes', 'the server is read-only', READ_ONLY_ADVICE)] : []),
    ...(isDurable ? [] : [warn('durability', 'a crash of the server may lose what was acknowledged', DURABLE_ADVICE)]),
    judgeMigrations(store),
    ...(clockAheadMs === undefined ? [] : [judgeClock(clockAheadMs)]),
    ...(freeBytes === undefined ? [] : [judgeSpace(freeBytes)]),
  ];
}

function judgePrivileges(missing: readonly string[]): Check {
  if (missing.length === 0) return ok('grants', 'the user may do all that a core does');
  const words = missing.join(', ');
  return fail('grants', `the user lacks ${words}`, `GRANT ${words} ON the database TO the user.`);
}

function judgeMigrations({ migration, pending, wanted, isCutShort }: StoreInspection): Check {
  if (isCutShort) {
    const next = 'Go back to the backup once more, in an empty database: docs/operations.md, Backup.';
    return fail('tables', 'there are some, but not which migrations made them: going back was cut short', next);
  }
  if (pending < 0) {
    return fail('tables', 'they are of a newer release', 'Use that release, or go back to a backup.');
  }
  if (migration === undefined) return ok('tables', 'there are none yet: a core makes them, or `onepush migrate`');
  if (pending === 0) return ok('tables', `up to date (${wanted})`);
  return warn('tables', `${pending} migrations to make, from ${migration}`, 'A core makes them, or `onepush migrate`.');
}

function judgeClock(aheadMs: number): Check {
  const seconds = Math.abs(aheadMs / 1000).toFixed(1);
  const says = `the database's is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(aheadMs) <= CLOCK_MS) return ok('clock', says);
  const next = 'Have both machines follow a time server (NTP).';
  return Math.abs(aheadMs) <= BAD_CLOCK_MS ? warn('clock', says, next) : fail('clock', says, next);
}

function judgeSpace(bytes: number): Check {
  const says = `${Math.floor(bytes / MIB)} MiB are free where the database is`;
  if (bytes >= LITTLE_SPACE) return ok('disk', says);
  const next = 'Make room: while the disk is full, every push is answered 503.';
  return bytes >= NO_SPACE ? warn('disk', says, next) : fail('disk', says, next);
}
