import { changeRows, insertMany, readRows } from '../support/rows.js';
import { TEST_APP } from '../support/stack.js';
import type { Attack, Target } from './attack.js';
import { repeat } from './sockets.js';

const DEVICES = 20_000;
const TAGS = 960;
const TAGS_OF_DEVICE = 20;

/** Fills a store with devices and their tags, which are numbers. */
async function fill(url: string): Promise<void> {
  const [app] = await readRows(url, 'SELECT num FROM apps WHERE id = ?', [TEST_APP.appId]);
  const appNum = Number(app?.num);
  await changeRows(url, 'CREATE TABLE numbers (n INTEGER PRIMARY KEY)');
  await insertMany(
    url,
    'numbers (n)',
    Array.from({ length: DEVICES }, (_, n) => [n]),
  );
  const statements = [
    `INSERT INTO topics (num, app_num, tag) SELECT 1000 + n, ${appNum}, n FROM numbers WHERE n < ${TAGS}`,
    `INSERT INTO devices (num, id, app_num, alias, platform, native_token, token_hash, since_id, registered_at)
     SELECT 1000 + n, n, ${appNum}, n, 1, n, n, 0, 0 FROM numbers`,
    `INSERT INTO device_tags (device_num, topic_num, since_id)
     SELECT 1000 + d.n, 1000 + (d.n * 7 + t.n * 49) % ${TAGS}, 0 FROM numbers d JOIN numbers t ON t.n < ${TAGS_OF_DEVICE}`,
  ];
  for (const statement of statements) await changeRows(url, statement);
}

/**
 * As costly to find as a tree may be: 48 times not all of 20 tags. The last is turned around: what nobody has costs no
 * rows.
 */
const NOTS = Array.from({ length: 48 }, (_, n) => ({
  not: { tags: { values: Array.from({ length: 20 }, (_, tag) => String(n * 20 + tag)), match: 'MATCH_ALL' } },
}));
const TREE = { allOf: { audiences: [...NOTS.slice(1), { not: NOTS[0] }] } };

async function call({ connect }: Target, method: string, message: object): Promise<string> {
  const credentials = Buffer.from(`${TEST_APP.appId}:${TEST_APP.appKey}`).toString('base64');
  const response = await fetch(`http://${connect.host}:${connect.port}/onepush.v1.PushCore/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${credentials}` },
    body: JSON.stringify(message),
  });
  const text = await response.text();
  if (response.status === 400 || response.status === 401) throw new Error(text);
  return text;
}

const trees: Attack = {
  name: 'audiences that are costly to find',
  short: true,
  prepare: fill,
  async strike(target, seconds) {
    const estimates = repeat(seconds, 5, () => call(target, 'EstimateAudience', { audience: TREE }));
    const made: string[] = [];
    const pushes = repeat(seconds, 5, async () => {
      made.push(await call(target, 'SendPush', { audience: TREE, alert: 'x' }));
    });
    const outcome = `${await estimates} estimates and ${await pushes} pushes, ${DEVICES} devices`;
    // What is left to be looked for would go on.
    for (const answer of made) await call(target, 'RecallPush', JSON.parse(answer));
    return outcome;
  },
};

/** What a caller does who has a key. */
export const AUDIENCE_ATTACKS: readonly Attack[] = [trees];
