import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Mariadb } from '../support/mariadb.js';
import type { Fault } from './fault.js';
import type { Rig } from './rig.js';

function mariadbOf({ mariadb }: Rig): Mariadb {
  if (mariadb === undefined) throw new Error('this fault needs a MariaDB server');
  return mariadb;
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
];
