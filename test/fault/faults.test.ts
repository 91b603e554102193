import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { findMariadbd, type Mariadb, startMariadb } from '../support/mariadb.js';
import { freshDatabase, type StoreKind } from '../support/stores.js';
import { DEVICE_FAULTS } from './device-faults.js';
import { canMount, databaseOnDisk } from './disk.js';
import { BOTH, type Fault } from './fault.js';
import { LINK_FAULTS } from './link-faults.js';
import { PROCESS_FAULTS } from './process-faults.js';
import { startRig } from './rig.js';
import { STORE_FAULTS } from './store-faults.js';
import { formatTable, type Row, withTable } from './table.js';
import { tryFault } from './trial.js';

/** FAULT=short: some of the faults, and less of each. FAULT_WRITE=1: the table goes into the page. */
const short = process.env.FAULT === 'short';
const scale = short ? 0.3 : 1;
const size = short ? { devices: 120, sendsPerSecond: 1200 } : { devices: 240, sendsPerSecond: 1250 };
const PAGE = join(ROOT, 'docs', 'reliability.md');
const FAULTS = [...PROCESS_FAULTS, ...LINK_FAULTS, ...STORE_FAULTS, ...DEVICE_FAULTS];

/** By fault and store: of a fault that is tried again the last counts. */
const rows = new Map<string, Row>();
const hasMariadb = findMariadbd() !== undefined;
/** One for all faults, until one fails: what that has left behind is no other's. */
let mariadb: Mariadb | undefined;

beforeAll(() => {
  if (hasMariadb) return;
  if (process.env.CI) throw new Error('the faults of MariaDB cannot be covered: install mariadb-server');
  console.warn('NOT COVERED: everything on MySQL, because no MariaDB server was found');
});

afterAll(async () => {
  await mariadb?.stop();
  const table = formatTable([...rows.values()]);
  console.log(`\n${table}\n${short ? `\nThe short form: times of the faults × ${scale}.\n` : ''}`);
  if (process.env.FAULT_WRITE === '1') await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), table));
});

async function databaseFor(
  store: StoreKind,
  { diskMegabytes }: Fault,
): Promise<{ url: string; drop(): Promise<void> }> {
  if (store === 'sqlite' && diskMegabytes !== undefined) return databaseOnDisk(diskMegabytes);
  if (store === 'sqlite') return freshDatabase(store);
  mariadb ??= await startMariadb();
  const server = mariadb;
  const name = `fault_${randomBytes(6).toString('hex')}`;
  await server.createDatabase(name);
  return { url: server.url(name), drop: () => server.dropDatabase(name) };
}

describe.each(BOTH)('under faults, on %s', (store) => {
  const faults = FAULTS.filter((fault) => (short ? fault.short : fault.stores).includes(store));

  for (const fault of faults) it(fault.name, ({ skip }) => run(fault, skip));

  async function run(fault: Fault, skip: () => void): Promise<void> {
    if (store === 'mysql' && !hasMariadb) skip();
    if (fault.diskMegabytes !== undefined && !canMount) {
      if (process.env.CI) throw new Error('a full disk cannot be covered: run as root on Linux');
      console.warn('NOT COVERED: a full disk. Run as root on Linux to cover it.');
      skip();
    }
    const database = await databaseFor(store, fault);
    try {
      const rig = await startRig({
        ...size,
        store,
        databaseUrl: database.url,
        mariadb: store === 'mysql' ? mariadb : undefined,
        proxied: fault.proxied ?? false,
        proxiedDatabase: fault.proxiedDatabase ?? false,
        coreHeap: fault.coreHeap,
        steppedClock: fault.steppedClock ?? false,
        behaviour: fault.behaviour ?? (() => 'prompt'),
      });
      const { row, problems } = await tryFault(fault, rig, scale).catch(async (error: unknown) => {
        await rig.stop().catch(() => {});
        throw error;
      });
      const named = { fault: fault.name, store: store === 'mysql' ? 'MariaDB' : 'SQLite' };
      rows.set(`${named.fault} ${named.store}`, { ...named, ...row });
      expect(problems).toEqual([]);
    } catch (error) {
      if (store === 'mysql') {
        await mariadb?.stop();
        mariadb = undefined;
      }
      throw error;
    } finally {
      if (store === 'sqlite' || mariadb !== undefined) await database.drop();
    }
  }
});
