import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { AudienceQuery } from '../../domain/audience.js';
import { type Candidate, compileAudience } from '../../domain/audience-predicate.js';
import { platformCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, type Row, type SqlDriver } from '../sql/driver.js';
import { type StoreReader, StoreUnavailable } from '../store.js';
import { type AudienceSource, findSource } from './audience-source.js';

/** Devices of one step: at first, at the least, and at the most. */
const STEP = { first: 200, least: 100, most: 2000 } as const;
/**
 * Time that a step should take, in milliseconds: it does less after one that took longer, and more after one that took
 * half.
 */
const STEP_MS = 10;
/** Topics that a statement names. */
const MAX_LISTED = 50;
/** The longest pause after a step, in milliseconds. */
const LONGEST_PAUSE_MS = 100;
/** Maximum number of reads that wait for their turn. */
const MAX_WAITING = 1000;

/**
 * Finds the devices of an audience step by step: some devices by number, then which of the named tags they have, then
 * the tree on each, in memory. A step is bounded in rows, and sized so as to take some milliseconds: on SQLite the
 * process does nothing else meanwhile. The steps of all reads take turns. Where a step keeps the process from all else,
 * the process does that for as long after it: so half of the time is for others, however many costly audiences there
 * are.
 */
export function createAudienceReads(
  driver: SqlDriver,
  registry: Pick<StoreReader, 'findTopics'>,
): Pick<StoreReader, 'findAudience'> {
  const inTurn = createTurns(driver.blocking);

  return {
    async findAudience(query, after, limit, { withinMs = Number.POSITIVE_INFINITY, caller } = {}) {
      const end = performance.now() + withinMs;
      const search = await inTurn(() => createSearch(driver, registry, query));
      const deviceNums: number[] = [];
      for (let at = after; ; ) {
        const step = await inTurn(() => search(at));
        for (const num of step.deviceNums) deviceNums.push(num);
        if (deviceNums.length >= limit) {
          const found = deviceNums.slice(0, limit);
          const all = step.through === undefined && found.length === deviceNums.length;
          return { deviceNums: found, through: all ? undefined : found.at(-1) };
        }
        if (step.through === undefined || performance.now() >= end) return { deviceNums, through: step.through };
        if (caller?.cancelled) throw new StoreUnavailable('CANCELLED');
        at = step.through;
      }
    },
  };
}

/**
 * One after the other, in the order of the calls. With `pauses`, nothing is done for as long as the one before took.
 */
function createTurns(pauses: boolean): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work) => {
    if (waiting >= MAX_WAITING) throw new StoreUnavailable('TOO_MANY_QUESTIONS');
    waiting++;
    const turn = last.then(nextTurn).then(() => timed(work));
    last = turn.then(
      ({ took }) => (pauses ? sleep(Math.min(took, LONGEST_PAUSE_MS)) : undefined),
      () => {},
    );
    return turn.then(({ result }) => result).finally(() => waiting--);
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; took: number }> {
  const begun = performance.now();
  return { result: await work(), took: performance.now() - begun };
}

/** Devices of an audience after one, and up to which device these are all; undefined: all of it. */
type Search = (after: number) => Promise<{ deviceNums: number[]; through: number | undefined }>;

async function createSearch(
  driver: SqlDriver,
  registry: Pick<StoreReader, 'findTopics'>,
  { appNum, audience, platform }: AudienceQuery,
): Promise<Search> {
  const test = compileAudience(audience);
  const topics = await registry.findTopics(test.tags.map((tag) => ({ appNum, tag })));
  const topicNums = new Map(topics.map(({ tag, num }) => [tag, num]));
  /** The place of each topic among the tags of the test. */
  const places = new Map<number, number>();
  const held = new Int32Array(test.words);
  for (const [place, tag] of test.tags.entries()) {
    const topicNum = topicNums.get(tag);
    if (topicNum !== undefined) places.set(topicNum, place);
  }
  // Of the device alone there is an index to be used: for each pair of a device and a tag there would be a look-up. A
  // long list costs more than the tags that it leaves out.
  const few = places.size <= MAX_LISTED;
  const named = few ? ` AND topic_num + 0 IN (${[...places.keys()].join(', ')})` : '';
  const columns = ['num', 'platform', ...(test.asksAlias ? ['alias'] : []), ...(test.asksId ? ['id'] : [])];
  const source: AudienceSource = await findSource(driver, { appNum, audience, topicNums, columns });
  let size: number = STEP.first;

  /** The topics of the tags that devices have now, as `1,2,3`, by device. */
  async function topicsOf(nums: readonly number[]): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    if (places.size === 0) return found;
    for (const chunk of chunks(nums, KEYS_PER_STATEMENT)) {
      // A row for each device, and not for each tag, whose objects would cost more than all else.
      const rows = await driver.all(
        `SELECT device_num, GROUP_CONCAT(topic_num) AS topics FROM device_tags
         WHERE ${among(chunk)} AND until_id IS NULL${named} GROUP BY device_num`,
        [],
      );
      for (const { device_num, topics } of rows) found.set(Number(device_num), String(topics));
    }
    return found;
  }

  /** Hot: one set of bits for all, and nothing made for a tag. */
  async function passing(rows: readonly Row[]): Promise<number[]> {
    const candidates = rows.map((row) => toCandidate(row, held));
    const wanted = candidates.filter((each) => platform === 'ALL' || each.platform === platform);
    const topics = await topicsOf(wanted.map(({ num }) => num));
    const found: number[] = [];
    for (const candidate of wanted) {
      held.fill(0);
      eachNumber(topics.get(candidate.num) ?? '', (topicNum) => {
        const place = places.get(topicNum);
        if (place !== undefined) held[place >> 5] = (held[place >> 5] ?? 0) | (1 << (place & 31));
      });
      if (test.passes(candidate)) found.push(candidate.num);
    }
    return found;
  }

  return async (after) => {
    const begun = performance.now();
    const { rows, through } = await source(after, size);
    const deviceNums = await passing(rows);
    const took = performance.now() - begun;
    if (took > STEP_MS) size = Math.max(STEP.least, Math.floor(size / 2));
    else if (took < STEP_MS / 2) size = Math.min(STEP.most, size * 2);
    return { deviceNums, through };
  };
}

/**
 * A condition on `device_num`: one of these, in growing order, and perhaps others between them, if not more than these.
 */
function among(nums: readonly number[]): string {
  const [first = 0, last = 0] = [nums[0], nums.at(-1)];
  if (last - first < 2 * nums.length) return `device_num BETWEEN ${first} AND ${last}`;
  return `device_num IN (${nums.join(', ')})`;
}

/** Calls `use` with each number of `1,2,3`. */
function eachNumber(list: string, use: (number: number) => void): void {
  let number = 0;
  for (let at = 0; at < list.length; at++) {
    const char = list.charCodeAt(at);
    if (char === COMMA) {
      use(number);
      number = 0;
    } else number = number * 10 + char - ZERO;
  }
  if (list !== '') use(number);
}

const [COMMA, ZERO] = [0x2c, 0x30];

/** Returns the device of a row; what was not asked for is empty. */
function toCandidate({ num, platform, alias, id }: Row, held: Int32Array): Candidate & { num: number } {
  const known = platformCodes.fromCode(platform);
  if (known === 'ALL') throw new Error(`device ${String(num)} has no platform`);
  return { num: Number(num), platform: known, alias: String(alias ?? ''), id: String(id ?? ''), held };
}
