import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { type FreshDatabase, freshDatabase } from '../support/stores.js';
import { verify } from '../support/verify.js';
import { DOORS } from './doors.js';
import { type Grounds, prepareGrounds } from './grounds.js';
import { collectedMemoryOf, type Memory } from './memory.js';
import { formatRun, type Row, withRun } from './table.js';
import { tryDoor } from './trial.js';

/**
 * FUZZ=short: fewer inputs. FUZZ_WRITE=1: what it came to goes into the page. FUZZ_DOOR and FUZZ_INDEX: one door, one trial
 * of the seed.
 */
const { FUZZ_SEED: seed = randomBytes(4).toString('hex'), FUZZ_DOOR: onlyDoor, FUZZ_INDEX } = process.env;
const isShort = process.env.FUZZ === 'short';
const inputs = Number(process.env.FUZZ_INPUTS ?? (isShort ? 20_000 : 1_000_000));
/** Each door has so many seconds. */
const SECONDS = isShort ? 120 : 900;
/**
 * How much more a process may hold after all of it than before, in megabytes, when its garbage is collected: caches of
 * fixed size fill meanwhile.
 */
const GROWTH = 100;
const WARM_UP_INPUTS = 1000;
const PAGE = join(ROOT, 'docs', 'reliability.md');

let database: FreshDatabase;
let grounds: Grounds;
let before: Memory | undefined;
let after: Memory | undefined;
const rows: Row[] = [];
const failed: string[] = [];
const begun = performance.now();
const doors = DOORS.filter(({ name }) => onlyDoor === undefined || name === onlyDoor);
const index = FUZZ_INDEX === undefined ? {} : { index: Number(FUZZ_INDEX) };

beforeAll(async () => {
  console.log(`FUZZ_SEED=${seed} repeats this run`);
  database = await freshDatabase('sqlite');
  grounds = await prepareGrounds(database.url);
});

afterEach(({ task }) => {
  if (task.result?.state === 'fail') failed.push(task.name);
});

afterAll(async () => {
  await grounds?.stop();
  await database?.drop();
});

describe.skipIf(process.platform !== 'linux')('whatever comes in', { timeout: (SECONDS + 120) * 1000 }, () => {
  it('harms nothing while all is new', async () => {
    for (const { name } of doors) {
      const order = { door: name, seed: `${seed}-first`, inputs: WARM_UP_INPUTS, seconds: SECONDS };
      expect((await tryDoor(grounds, order)).problems).toEqual([]);
    }
    before = await collectedMemoryOf(grounds.stack);
  });

  it.each(doors)('is answered or turned away at $name, and harms nobody', async ({ name, share }) => {
    const order = { door: name, seed, inputs: (inputs * share) / 1000, seconds: SECONDS, ...index };
    const { row, problems } = await tryDoor(grounds, order);
    rows.push(row);
    expect(problems).toEqual([]);
  });

  it('leaves memory as it was', async () => {
    after = await collectedMemoryOf(grounds.stack);
    if (before === undefined) throw new Error('it is not known how it was');
    expect(after.edge).toBeLessThanOrEqual(before.edge + GROWTH);
    expect(after.core).toBeLessThanOrEqual(before.core + GROWTH);
  });

  it('leaves the sums as they must be', async () => {
    await grounds.stack.core.stop();
    expect(await verify(database.url)).toMatchObject({ code: 0 });
  });

  it('was tried so many times', async () => {
    const seconds = (performance.now() - begun) / 1000;
    const run = formatRun({ seed, rows, seconds, failed, before, after });
    console.log(`\n${run}\n`);
    if (process.env.FUZZ_WRITE === '1') await writeFile(PAGE, withRun(await readFile(PAGE, 'utf8'), run));
  });
});
