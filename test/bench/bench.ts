import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import type { Curve } from './chart.js';
import type { Figure } from './figure.js';
import type { Size } from './size.js';
import type { Population } from './system.js';

/** What the programs of rows share. */
export interface Bench {
  readonly size: Size;
  /** A private MariaDB server, durable at every commit. */
  readonly mariadb: Mariadb;
  /** The devices of the rows on MariaDB, in one database. */
  readonly population: Population;
  /** An empty SQLite database. */
  readonly sqlite: Population;
  say(text: string): void;
}

/** Measures one row, or some that belong together. */
export type RowProgram = (bench: Bench) => Promise<{ figures: Figure[]; curve?: Curve }>;

const DATABASE = 'bench';
/** What a server has that has a machine to itself, and not what many small ones of a test run have. */
const SERVER = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'];

/** Runs `work` with a bench, and removes all that it left. */
export async function withBench<T>(size: Size, work: (bench: Bench) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'onepush-bench-'));
  const mariadb = await startMariadb(SERVER);
  try {
    await mariadb.createDatabase(DATABASE);
    return await work({
      size,
      mariadb,
      population: { databaseUrl: mariadb.url(DATABASE), deviceIds: [], serverPid: mariadb.pid },
      sqlite: { databaseUrl: `sqlite:${join(directory, 'bench.db')}`, deviceIds: [], serverPid: undefined },
      say: (text) => console.log(text),
    });
  } finally {
    await mariadb.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
