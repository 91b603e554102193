import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Mariadb } from '../support/mariadb.js';
import type { TcpProxy } from '../support/proxy.js';
import type { Fault } from './fault.js';
import { travel } from './hands.js';
import type { Rig } from './rig.js';

function mariadbOf({ mariadb }: Rig): Mariadb {
  if (mariadb === undefined) throw new Error('this fault needs a MariaDB server');
  return mariadb;
}

function databaseProxyOf({ databaseProxy }: Rig): TcpProxy {
  if (databaseProxy === undefined) throw new Error('this fault needs a proxy');
  return databaseProxy;
}

/** KILL for every connection but the own one. */
async function killAll(url: string): Promise<void> {
  const connection = await createConnection(url);
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = "root"',
  );
  // One that has ended meanwhile is no fault.
  for (const { id } of rows) await connection.query(`KILL ${id}`).catch(() => {});
  connection.destroy();
}

/** A database server that goes away, and one that only seems to be there. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'MariaDB restarted',
    stores: ['mysql'],
    short: ['mysql'],
    async strike(rig) {
      await mariadbOf(rig).restart();
    },
  },
  {
    name: 'kill -9 MariaDB',
    stores: ['mysql'],
    short: [],
    async strike(rig) {
      await mariadbOf(rig).kill();
      await sleep(1000);
      await mariadbOf(rig).restart();
    },
  },
  {
    name: 'KILL of all connections, 10 times',
    stores: ['mysql'],
    short: ['mysql'],
    async strike(rig) {
      for (let round = 0; round < 10; round++) {
        await killAll(mariadbOf(rig).url(''));
        await sleep(250);
      }
    },
  },
  {
    name: 'SIGSTOP MariaDB, 4 s',
    stores: ['mysql'],
    short: [],
    async strike(rig, scale) {
      mariadbOf(rig).freeze();
      await sleep(4000 * scale);
      mariadbOf(rig).thaw();
    },
  },
  {
    name: 'SIGSTOP MariaDB, 18 s',
    stores: ['mysql'],
    short: [],
    async strike(rig) {
      // Longer than the core waits for an answer: its commit may take place after it has been given up.
      mariadbOf(rig).freeze();
      await sleep(18_000);
      mariadbOf(rig).thaw();
    },
  },
  {
    name: 'commits that arrive late at MariaDB, 18 s',
    stores: ['mysql'],
    short: [],
    proxiedDatabase: true,
    async strike(rig) {
      // Longer than the core waits: what is let through then belongs to an epoch that is over.
      const release = databaseProxyOf(rig).strand('everything');
      await sleep(18_000);
      release();
    },
  },
  {
    name: 'answers of MariaDB that never come, 18 s; a device unregisters',
    stores: ['mysql'],
    short: ['mysql'],
    proxiedDatabase: true,
    async strike(rig) {
      await travel(rig, 'unregisters', async (change) => {
        const release = databaseProxyOf(rig).strand('answers');
        await change();
        release();
      });
    },
  },
  {
    name: 'another process holds the lock of SQLite, 8 s',
    stores: ['sqlite'],
    short: ['sqlite'],
    async strike({ databaseUrl }, scale) {
      const other = new Libsql(databaseUrl.slice('sqlite:'.length));
      other.pragma('busy_timeout = 5000');
      other.exec('BEGIN IMMEDIATE');
      await sleep(8000 * scale);
      other.exec('ROLLBACK');
      other.close();
    },
  },
  {
    name: 'disk full, 5 s',
    stores: ['sqlite'],
    short: [],
    diskMegabytes: 128,
    async strike({ databaseUrl }, scale) {
      const filler = join(dirname(databaseUrl.slice('sqlite:'.length)), 'filler');
      const file = await open(filler, 'w');
      const megabyte = Buffer.alloc(1024 * 1024, 1);
      const end = performance.now() + 5000 * scale;
      // What is freed meanwhile is taken too.
      while (performance.now() < end) {
        const written = await file.write(megabyte).catch(() => undefined);
        if (written === undefined || written.bytesWritten < megabyte.length) await sleep(20);
      }
      await file.close();
      await rm(filler);
    },
  },
];
