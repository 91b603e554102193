import type { Environment } from '../../common/settings/env.js';
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

/** Looks at the database of ONEPUSH_DATABASE_URL without changing it. */
export async function checkDatabase(env: Environment): Promise<Check[]> {
  try {
    return judgeStore(await (await loadDatabase(env)).inspect());
  } catch (error) {
    const { message } = toFailure(error);
    return [
      fail(NAME, message, 'Is the server up, and are host, user, password and name in ONEPUSH_DATABASE_URL right?'),
    ];
  }
}

/** Says what a database lacks. */
export function judgeStore(store: StoreInspection): Check[] {
  const { kind, version, isSupported, migration, pending, wanted, clockAheadMs, missingPrivileges, freeBytes } = store;
  const name = `${kind} ${version}`;
  return [
    isSupported
      ? ok(NAME, `${name} answers`)
      : fail(NAME, `${name} is too old`, 'MySQL 8.0 and MariaDB 10.6 are the oldest that work.'),
    ...(missingPrivileges === undefined ? [] : [judgePrivileges(missingPrivileges)]),
    judgeMigrations(migration, pending, wanted),
    ...(clockAheadMs === undefined ? [] : [judgeClock(clockAheadMs)]),
    ...(freeBytes === undefined ? [] : [judgeSpace(freeBytes)]),
  ];
}

function judgePrivileges(missing: readonly string[]): Check {
  if (missing.length === 0) return ok('grants', 'the user may do all that a core does');
  const words = missing.join(', ');
  return fail('grants', `the user lacks ${words}`, `GRANT ${words} ON the database TO the user.`);
}

function judgeMigrations(migration: string | undefined, pending: number, wanted: string): Check {
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
