import { afterAll, beforeAll, describe } from 'vitest';
import { openMysqlStore } from '../../core/store/mysql/open.js';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import type { Store } from '../../core/store/store.js';
import { owned } from '../support/owned.js';
import { changeRows, readRows } from '../support/rows.js';
import { type FreshDatabase, freshDatabase, type StoreKind, storeKinds } from '../support/stores.js';

/** A store on a database of its own, for one suite. */
export interface OpenStore {
  readonly kind: StoreKind;
  readonly url: string;
  readonly store: Store;
  /**
   * Rows of the database itself, for what the store has no look-up for. The statement must mean the same in both
   * dialects.
   */
  rows(sql: string, values?: readonly (string | number)[]): Promise<Record<string, unknown>[]>;
  /** Whether there is a push, with its content or without. */
  hasPush(id: number): Promise<boolean>;
  /** Changes rows behind the store's back. */
  change(sql: string, values: readonly (string | number)[]): Promise<void>;
  /** Closes the store and opens it again on the same database. */
  reopen(): Promise<void>;
}

/** What opens a store by its URL, as the core does, and takes it over. */
export async function openStore(url: string): Promise<Store> {
  return owned(await (url.startsWith('sqlite:') ? openSqliteStore(url.slice('sqlite:'.length)) : openMysqlStore(url)));
}

/** Runs one behaviour suite over every store of this run; each has one database for all its tests. */
export function eachStore(title: string, suite: (opened: OpenStore) => void): void {
  describe.each(storeKinds())(`${title}: %s`, (kind) => {
    let database: FreshDatabase | undefined;
    let current: Store | undefined;
    const opened: OpenStore = {
      kind,
      get url() {
        return must(database).url;
      },
      get store() {
        return must(current);
      },
      rows: (sql, values = []) => readRows(must(database).url, sql, values),
      hasPush: async (id) => (await opened.rows('SELECT id FROM pushes WHERE id = ?', [id])).length > 0,
      change: (sql, values) => changeRows(must(database).url, sql, values),
      async reopen() {
        await must(current).close();
        current = await openStore(must(database).url);
      },
    };
    beforeAll(async () => {
      database = await freshDatabase(kind);
      current = await openStore(database.url);
    });
    afterAll(async () => {
      await current?.close();
      await database?.drop();
    });
    suite(opened);
  });
}

/** The value, which the test relies on being there. */
export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error('it did not reject');
}

/** All that an error says, its causes included. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), textOf(error.cause)].join('\n');
}
