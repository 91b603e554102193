import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createDatabase, dropDatabase } from './database.js';

/** The stores that a behaviour suite runs over. */
export type StoreKind = 'sqlite' | 'mysql';

/** An empty database of one test. */
export interface FreshDatabase {
  /** What ONEPUSH_DATABASE_URL takes. */
  url: string;
  /** Removes the database and its data; close what uses it first. */
  drop(): Promise<void>;
}

/** What this run covers: SQLite always, MySQL when the global setup found a server. For `describe.each`. */
export function storeKinds(): StoreKind[] {
  return inject('mysqlUrl') ? ['sqlite', 'mysql'] : ['sqlite'];
}

/**
 * The store of suites that would take `make test` too long over each: SQLite there, and MySQL under `make fault`, if it
 * has a server.
 */
export function suiteStore(): StoreKind | undefined {
  const kind = process.env.SUITE_STORE === 'mysql' ? 'mysql' : 'sqlite';
  return storeKinds().find((each) => each === kind);
}

/** A database that nobody else uses; rejects for `mysql` where `storeKinds` does not list it. */
export async function freshDatabase(kind: StoreKind): Promise<FreshDatabase> {
  return kind === 'sqlite' ? freshSqlite() : freshMysql();
}

async function freshSqlite(): Promise<FreshDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'onepush-test-'));
  return {
    url: `sqlite:${join(directory, 'onepush.db')}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function freshMysql(): Promise<FreshDatabase> {
  const serverUrl = inject('mysqlUrl');
  if (!serverUrl) throw new Error('this run has no MySQL server: ask storeKinds() first');
  const name = `onepush_test_${randomBytes(8).toString('hex')}`;
  await createDatabase(serverUrl, name);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(serverUrl, name) };
}
