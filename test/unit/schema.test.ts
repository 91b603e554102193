import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kit from 'drizzle-kit/api';
import { getTableConfig as mysqlConfig } from 'drizzle-orm/mysql-core';
import { getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core';
import { describe, expect, it } from 'vitest';
import * as mysqlTables from '../../core/store/schema/mysql.js';
import * as sqliteTables from '../../core/store/schema/sqlite.js';
import { ROOT } from '../support/dist.js';

/** What both dialects say alike of a table: the rest, its types, is the dialect's own. */
type Described = ReturnType<typeof mysqlConfig> | ReturnType<typeof sqliteConfig>;

function describeTable(table: Described) {
  const names = (columns: readonly object[]) => columns.map((column) => ('name' in column ? column.name : '?'));
  const unique = table.columns.filter((column) => column.isUnique);
  return {
    name: table.name,
    columns: table.columns.map(({ name, notNull, primary }) => ({ name, notNull, primary })),
    primaryKeys: table.primaryKeys.map((key) => [key.getName(), names(key.columns)]),
    indexes: [
      ...table.indexes
        .filter(({ config }) => !isPartial(config))
        .map(({ config }) => ({
          name: config.name,
          on: names(config.columns),
          unique: config.unique ?? false,
        })),
      ...unique.map((column) => ({ name: column.uniqueName, on: [column.name], unique: true })),
    ],
  };
}

/** Of some rows: SQLite alone has such indexes. */
function isPartial(config: object): boolean {
  return 'where' in config && config.where !== undefined;
}

/** The snapshot of the schema after the last migration. */
function lastSnapshot(dialect: string): unknown {
  const folder = join(ROOT, 'core/store/migrations', dialect, 'meta');
  const journal: { entries: { idx: number }[] } = JSON.parse(readFileSync(join(folder, '_journal.json'), 'utf8'));
  const last = Math.max(...journal.entries.map(({ idx }) => idx));
  return JSON.parse(readFileSync(join(folder, `${String(last).padStart(4, '0')}_snapshot.json`), 'utf8'));
}

describe('the schemas of both dialects', () => {
  it('have the same tables, columns, keys and indexes', () => {
    const mysql = Object.entries(mysqlTables).map(([name, table]) => [name, describeTable(mysqlConfig(table))]);
    const sqlite = Object.entries(sqliteTables).map(([name, table]) => [name, describeTable(sqliteConfig(table))]);
    expect(sqlite).toHaveLength(Object.keys(mysqlTables).length);
    expect(Object.fromEntries(sqlite)).toEqual(Object.fromEntries(mysql));
  });

  it('keep every text of callers and people in bytes or in utf8mb4, whatever the database says', () => {
    for (const table of Object.values(mysqlTables)) {
      for (const column of mysqlConfig(table).columns) {
        const type = column.getSQLType();
        if (/char|text/.test(type)) expect(`${column.name}: ${type}`).toMatch(/character set (ascii|utf8mb4)/);
      }
    }
  });
});

describe('the migrations', () => {
  it('are current for MySQL', async () => {
    // What `drizzle-kit generate` compares, without its files. Safe: the snapshot is one that it wrote.
    const last = lastSnapshot('mysql') as Awaited<ReturnType<typeof kit.generateMySQLDrizzleJson>>;
    const now = await kit.generateMySQLDrizzleJson(mysqlTables, last.id);
    expect(await kit.generateMySQLMigration(last, now)).toEqual([]);
  });

  it('are current for SQLite', async () => {
    const last = lastSnapshot('sqlite') as Awaited<ReturnType<typeof kit.generateSQLiteDrizzleJson>>;
    const now = await kit.generateSQLiteDrizzleJson(sqliteTables, last.id);
    expect(await kit.generateSQLiteMigration(last, now)).toEqual([]);
  });
});
