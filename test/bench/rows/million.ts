import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Bench, RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { startChild } from '../child.js';
import type { Figure } from '../figure.js';
import type { FloorSql } from '../floor/sql.js';
import { comparePairs, summarize } from '../pairs.js';
import { startSystem } from '../system.js';

const DATABASE = 'bench_million';
const STEP = 100_000;
const PUSHES = 20;
const TABLES = ['pushes', 'timeline', 'inbox', 'receipts', 'cursors'];

/** Row 8: what a push to everyone costs where very many devices are registered. The floor inserts one row. */
export const millionRows: RowProgram = async (bench) => {
  const { mariadb, size } = bench;
  await mariadb.createDatabase(DATABASE);
  const databaseUrl = mariadb.url(DATABASE);
  const ours = await startSystem({ databaseUrl, deviceIds: [], serverPid: mariadb.pid }, 0);
  const floor = await startChild<FloorSql>(new URL('../floor/sql.js', import.meta.url));
  const connection = await createConnection({ uri: databaseUrl });
  try {
    await fill(connection, bench);
    await floor.ask.connect({ databaseUrl });
    await ours.prepare(1, [sendTo(['ALL'])]);
    await ours.sender.ask.run({ requests: PUSHES });
    const before = await countRows(connection);
    const comparison = await comparePairs(
      size.pairs,
      () =>
        ours.measure(async () => {
          const { latencies } = await ours.sender.ask.run({ requests: PUSHES });
          return { units: PUSHES, value: latencies.p50 };
        }),
      async () => ({ value: await floor.ask.insertPushes({ pushes: PUSHES }), loadShare: 0, cpu: {} }),
    );
    const rows = ((await countRows(connection)) - before) / (PUSHES * size.pairs);
    const measured = `a push to everyone with ${size.registered} devices registered`;
    const figures: Figure[] = [
      {
        ...comparison,
        row: '8a',
        measured: `${measured}: from REST to its requestId`,
        unit: 'ms',
        target: { of: 'ratio', most: 2 },
        notes: ['the floor: one row, one INSERT'],
      },
      {
        row: '8b',
        measured: `${measured}: rows written`,
        unit: 'rows',
        ours: summarize([rows]),
        target: { of: 'ours', most: 2 },
      },
    ];
    return { figures };
  } finally {
    await connection.end();
    await floor.ask.close(null);
    await floor.stop();
    await ours.stop();
    await mariadb.dropDatabase(DATABASE);
  }
};

/** Through SQL: over REST it would take minutes. */
async function fill(connection: Connection, { size, say }: Bench): Promise<void> {
  const began = Date.now();
  for (let first = 1; first <= size.registered; first += STEP) {
    const last = Math.min(size.registered, first + STEP - 1);
    await connection.query(
      `INSERT INTO devices (id, app_num, alias, platform, native_token, token_hash, since_id, registered_at)
       SELECT LPAD(HEX(seq), 32, '0'), (SELECT num FROM apps LIMIT 1), CONCAT('user-', seq), 1, CONCAT('token-', seq),
              LPAD(seq, 43, '0'), 1, 1
       FROM seq_${first}_to_${last}`,
    );
  }
  say(`${size.registered} devices are registered after ${Math.round((Date.now() - began) / 1000)} s`);
}

async function countRows(connection: Connection): Promise<number> {
  let sum = 0;
  for (const table of TABLES) {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table}`);
    sum += Number(rows[0]?.count);
  }
  return sum;
}
