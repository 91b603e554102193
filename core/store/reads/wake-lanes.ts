import { chunks, type SqlDriver, type SqlValue } from '../sql/driver.js';
import { firstLaneOf, lastLaneOf } from '../sql/lanes.js';
import { DUE, SENDING } from '../sql/wake-sql.js';
import type { WakeLane, WakeReader } from '../store.js';

/** Numbers from the first to the last, of which the first row is looked for. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Rows with lanes, as SQL: those of a time in the order of it. */
interface Source {
  readonly rows: string;
  readonly dueAt: string;
  readonly order: string;
}

const RANGES_PER_STATEMENT = 200;

/**
 * Finds lanes without reading the rows of any: one row of each range is looked for by its index, and what is behind it
 * is another range. Neither dialect does so for a GROUP BY.
 */
export function createLaneReads(
  driver: SqlDriver,
): Pick<WakeReader, 'findWakeLanes' | 'findTokenLanes' | 'countDueWakes'> {
  async function firstOf(ranges: readonly Range[], source: Source): Promise<{ range: Range; row: WakeLane }[]> {
    const found: { range: Range; row: WakeLane }[] = [];
    for (const chunk of chunks(ranges, RANGES_PER_STATEMENT)) {
      // Of a lane that is known MariaDB finds the first by its index only where it is told that there is but one.
      const parts = chunk.map(({ from, to }, part) => {
        const [where, order] = from === to ? ['lane = ?', source.dueAt] : ['lane BETWEEN ? AND ?', source.order];
        const select = `SELECT ${part} AS part, lane, ${source.dueAt} AS due_at FROM ${source.rows} AND ${where}`;
        return `SELECT * FROM (${select} ORDER BY ${order} LIMIT 1) AS part${part}`;
      });
      const values = chunk.flatMap(({ from, to }): SqlValue[] => (from === to ? [from] : [from, to]));
      for (const { part, lane, due_at } of await driver.all(parts.join(' UNION ALL '), values)) {
        const range = chunk[Number(part)];
        if (range) found.push({ range, row: { lane: Number(lane), dueAt: Number(due_at) } });
      }
    }
    return found;
  }

  async function lanesIn(ranges: readonly Range[], source: Source): Promise<WakeLane[]> {
    const lanes: WakeLane[] = [];
    for (let left = ranges; left.length > 0; ) {
      const found = await firstOf(left, source);
      lanes.push(...found.map(({ row }) => row));
      left = found.flatMap(({ range: { to }, row: { lane } }) => (lane < to ? [{ from: lane + 1, to }] : []));
    }
    return lanes;
  }

  return {
    async findWakeLanes(known) {
      const ranges = rangesAround(known);
      const lanes = new Map<number, number>();
      for (const state of [DUE, SENDING]) {
        const source = { rows: `wakes WHERE state = ${state}`, dueAt: 'due_at', order: 'lane, due_at' };
        for (const { lane, dueAt } of await lanesIn(ranges, source)) {
          lanes.set(lane, Math.min(dueAt, lanes.get(lane) ?? dueAt));
        }
      }
      return [...lanes].map(([lane, dueAt]) => ({ lane, dueAt })).toSorted((a, b) => a.lane - b.lane);
    },

    async findTokenLanes(appNum) {
      const range = { from: firstLaneOf(appNum), to: lastLaneOf(appNum) };
      const source = { rows: 'device_tokens WHERE 1 = 1', dueAt: '0', order: 'lane' };
      return (await lanesIn([range], source)).map(({ lane }) => lane);
    },

    async countDueWakes(lane, now, limit) {
      const [row] = await driver.all(
        `SELECT COUNT(*) AS count FROM
           (SELECT 1 FROM wakes WHERE state = ${DUE} AND lane = ? AND due_at <= ? LIMIT ?) AS part`,
        [lane, now, limit],
      );
      return Number(row?.count ?? 0);
    },
  };
}

/** The lanes that are known, each alone, and all that is between them. */
function rangesAround(known: readonly number[]): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  for (const lane of known.toSorted((a, b) => a - b)) {
    if (from < lane) ranges.push({ from, to: lane - 1 });
    ranges.push({ from: lane, to: lane });
    from = lane + 1;
  }
  return [...ranges, { from, to: Number.MAX_SAFE_INTEGER }];
}
