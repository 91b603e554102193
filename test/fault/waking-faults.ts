import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { changeRows } from '../support/rows.js';
import type { StoreKind } from '../support/stores.js';
import { BOTH } from './fault.js';
import type { WakingRig } from './waking-rig.js';

/** One thing that goes wrong while devices come and go, and sleeping ones are woken. */
export interface WakingFault {
  name: string;
  stores: readonly StoreKind[];
  /** The short form has it. */
  short: boolean;
  /** What is lost with it; `answers` of the vendor: it may have woken, and nobody knows. */
  loses?: 'answers' | 'acknowledgements';
  /** Strikes, and resolves when the fault is over. */
  strike(rig: WakingRig): Promise<void>;
}

const DOWN = 1000;
/** A wake that is handed over, as the table has it. */
const SENDING = 1;

/** In the order in which they strike. */
export const WAKING_FAULTS: readonly WakingFault[] = [
  {
    name: 'kill -9 core',
    stores: BOTH,
    short: true,
    loses: 'answers',
    async strike({ stack }) {
      await stack.core.kill();
      await sleep(DOWN);
      // What the vendor had been asked for is of unknown outcome when its lease is over. Nobody waits for that minute.
      await changeRows(stack.databaseUrl, 'UPDATE wakes SET due_at = 0 WHERE state = ?', [SENDING]);
      await stack.restartCore();
    },
  },
  {
    name: 'kill -9 edge',
    stores: BOTH,
    short: true,
    loses: 'acknowledgements',
    async strike({ stack }) {
      await stack.edge.kill();
      await sleep(DOWN);
      await stack.restartEdge();
    },
  },
  {
    name: 'the vendor is down, 3 s',
    stores: BOTH,
    short: false,
    loses: 'answers',
    async strike({ vendor }) {
      await vendor.server.shut();
      await sleep(3000);
      await vendor.server.reopen();
    },
  },
  {
    name: 'link swallows everything, 9 s, then reset',
    stores: BOTH,
    short: false,
    async strike({ link }) {
      // Longer than both sides take to notice.
      link.blackHole(true);
      await sleep(9000);
      link.reset();
      link.blackHole(false);
    },
  },
  {
    name: 'devices half-open, 5 s, then reset',
    stores: BOTH,
    short: false,
    loses: 'acknowledgements',
    async strike({ air }) {
      air.strand('everything');
      await sleep(5000);
      air.reset();
    },
  },
  {
    name: 'MariaDB restarted',
    stores: ['mysql'],
    short: false,
    async strike({ mariadb }) {
      await mariadb?.restart();
    },
  },
  {
    name: 'another process holds the lock of SQLite, 5 s',
    stores: ['sqlite'],
    short: false,
    async strike({ stack }) {
      const other = new Libsql(stack.databaseUrl.slice('sqlite:'.length));
      other.pragma('busy_timeout = 5000');
      other.exec('BEGIN IMMEDIATE');
      await sleep(5000);
      other.exec('ROLLBACK');
      other.close();
    },
  },
];
