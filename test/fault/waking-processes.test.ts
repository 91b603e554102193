import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import { freshDatabase, type StoreKind, storeKinds } from '../support/stores.js';
import { formatWakingTable, type WakingRow, withWakingTable } from './table.js';
import { WAKING_FAULTS } from './waking-faults.js';
import { startWakingRig } from './waking-rig.js';
import { tryWakes } from './waking-trial.js';

/** FAULT=short: fewer faults, on one store. FAULT_WRITE=1: the table goes into the page. */
const short = process.env.FAULT === 'short';
const stores: readonly StoreKind[] = short ? ['sqlite'] : storeKinds();
const size = short ? { devices: 60, sendsPerSecond: 30 } : { devices: 120, sendsPerSecond: 50 };
const PAGE = join(ROOT, 'docs', 'reliability.md');

/** By store: of a test that is tried again the last counts. */
const rows = new Map<StoreKind, WakingRow[]>();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  const table = formatWakingTable([...rows.values()].flat());
  console.log(`\n${table}\n`);
  if (process.env.FAULT_WRITE === '1') await writeFile(PAGE, withWakingTable(await readFile(PAGE, 'utf8'), table));
});

async function databaseOf(store: StoreKind): Promise<{ databaseUrl: string; mariadb: Mariadb | undefined }> {
  if (store === 'sqlite') {
    const database = await freshDatabase('sqlite');
    cleanups.push(() => database.drop());
    return { databaseUrl: database.url, mariadb: undefined };
  }
  // One of its own: it is restarted.
  const mariadb = await startMariadb();
  cleanups.push(() => mariadb.stop());
  await mariadb.createDatabase('waking');
  return { databaseUrl: mariadb.url('waking'), mariadb };
}

describe.each(stores)('devices that come and go under faults, on %s', (store) => {
  it('lose nothing, are woken once but for unknown outcomes, and never for what they had in time', {
    timeout: 300_000,
  }, async () => {
    const rig = await startWakingRig({ ...(await databaseOf(store)), ...size });
    let stopped = false;
    cleanups.push(async () => {
      if (!stopped) await rig.stop();
    });
    const faults = WAKING_FAULTS.filter((fault) => fault.stores.includes(store) && (!short || fault.short));
    const found = await tryWakes(rig, faults);
    const name = store === 'mysql' ? 'MariaDB' : 'SQLite';
    rows.set(
      store,
      found.rows.map((row) => ({ ...row, store: name })),
    );
    expect(found.problems).toEqual([]);
    expect(rig.load.tally.wrong).toEqual([]);
    stopped = true;
    expect(await rig.stop()).toEqual([]);
  });
});
