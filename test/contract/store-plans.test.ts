import Database from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StatementWatch, watchStatements } from '../support/statements.js';
import { eachStore, must, type OpenStore } from './each-store.js';
import { type Filling, fill, TABLES } from './plan-filling.js';
import { questions } from './plans.js';
import { newApp } from './samples.js';

/**
 * Rows that one statement may look at: far fewer than there are in a table, and not fewer because of how many there
 * are.
 */
const MOST = 900;
/** The same of a sweep, which goes through tables step by step. */
const MOST_OF_SWEEPS = 2500;

eachStore('no statement looks at a whole table', (opened) => {
  let filling: Filling;
  let watch: StatementWatch;

  beforeAll(async () => {
    const app = await newApp(opened.store);
    const [topic] = await opened.rows("SELECT num FROM topics WHERE tag = ''");
    const now = Date.now();
    const { push } = await opened.store.loadHighestIds();
    filling = {
      url: opened.url,
      appNum: app.num,
      appId: app.id,
      topicNum: Number(must(topic).num),
      thousands: 1,
      now,
      firstPush: push + 64,
    };
    await fill(filling);
    watch = watchStatements();
    // New connections: those that are watched from their first statement on.
    await opened.reopen();
  });
  afterAll(() => watch?.stop());

  it.runIf(opened.kind === 'sqlite')(
    'nor at all that waits for a device to find what a collapse key replaces',
    async () => {
      await watch.take();
      await must(questions(opened.store, filling)['commitDeliveries that begin'])();
      const [look] = (await watch.take()).filter(({ sql }) => /FROM inbox\s+WHERE .*collapse_key = /.test(sql));
      expect(planOf(opened.url, must(look).sql)).toEqual([
        'SEARCH inbox USING INDEX inbox_collapse (device_num=? AND collapse_key=?)',
      ]);
    },
  );

  it('whatever is asked or told', async () => {
    const slack = opened.kind === 'mysql' ? await slackOf(opened) : 1;
    await watch.take();
    const offenders: string[] = [];
    for (const [name, ask] of Object.entries(questions(opened.store, filling))) {
      await ask().catch((cause: unknown) => {
        throw new Error(name, { cause });
      });
      for (const { sql, examined } of await watch.take()) {
        const most = slack * (name.startsWith('commitSweep') ? MOST_OF_SWEEPS : MOST);
        const scans = examined === undefined ? scansOf(opened.url, sql) : examined > most ? [`${examined} rows`] : [];
        for (const scan of scans) offenders.push(`${name}: ${scan}: ${sql.slice(0, 300)}`);
      }
    }
    expect(offenders).toEqual([]);
  });
});

/**
 * What MySQL itself may look at, as a multiple: it reads all of a table that is little larger than the part which it is
 * asked for. Of 30,000 devices it reads as few as MariaDB.
 */
async function slackOf({ rows }: OpenStore): Promise<number> {
  const [row] = await rows('SELECT VERSION() AS version');
  return String(row?.version).includes('MariaDB') ? 1 : 1.25;
}

/** The whole tables that SQLite means to read for a statement, one row after the other. */
function scansOf(url: string, sql: string): string[] {
  if (!/^\s*(SELECT|UPDATE|DELETE|INSERT)/i.test(sql)) return [];
  // The first of an index.
  if (/^SELECT (?!.*WHERE).* LIMIT 1$/s.test(sql)) return [];
  const plan = planOf(url, sql);
  // What a part of the statement has found.
  const derived = plan.flatMap((detail) => /^(?:CO-ROUTINE|MATERIALIZE) (\w+)$/.exec(detail)?.[1] ?? []);
  return plan.filter(
    (detail) => TABLES.some((table) => isScan(detail, table)) && !derived.some((name) => detail === `SCAN ${name}`),
  );
}

/** The steps that SQLite means to take for a statement. */
function planOf(url: string, sql: string): string[] {
  const database = new Database(url.slice('sqlite:'.length));
  try {
    // What is answered to EXPLAIN QUERY PLAN.
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return plan.map(({ detail }) => detail);
  } finally {
    database.close();
  }
}

function isScan(detail: string, table: string): boolean {
  return new RegExp(`^SCAN (${table}|[a-z])\\b`).test(detail);
}
