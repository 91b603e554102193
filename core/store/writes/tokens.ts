import { hashSecret } from '../../../common/secrets.js';
import type { GivenToken } from '../../domain/channel.js';
import { channelCodes, environmentCodes, tokenStateCodes } from '../sql/codes.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  places,
  rowsFor,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import { laneOf } from '../sql/lanes.js';
import type { NewRegistration, Registered } from '../store.js';

const COLUMNS =
  'device_num, app_num, channel, token, token_hash, environment, bundle, p256dh, auth, lane, registered_at, state';

/** A token on its way into its row. */
interface NewToken {
  deviceNum: number;
  appNum: number;
  channel: number;
  hash: string;
  token: GivenToken;
  now: number;
}

/**
 * Gives registered devices the tokens of their registrations. A token belongs to one device of its app: the last that
 * was registered with it, so that nobody is woken twice, or for a user who has left.
 */
export async function commitTokens(
  driver: SqlDriver,
  tx: Transaction,
  registrations: readonly NewRegistration[],
  registered: readonly Registered[],
): Promise<void> {
  const given: NewToken[] = [];
  const changed: number[] = [];
  for (const [index, { appNum, push, now }] of registrations.entries()) {
    const deviceNum = registered[index]?.device.num ?? 0;
    if (push === null) changed.push(deviceNum);
    if (!push) continue;
    const channel = channelCodes.toCode(push.channel);
    given.push({ deviceNum, appNum, channel, hash: hashSecret(push.token), token: push, now });
  }
  const wanted = await withoutOutdone(tx, given);
  for (const { deviceNum } of wanted) changed.push(deviceNum);
  await removeTokens(tx, changed);
  // Of several devices that are registered with one token at once the last has it.
  const byToken = new Map(wanted.map((one) => [`${one.appNum}:${one.channel}:${one.hash}`, one]));
  const left = [...byToken.values()];
  await takeFromOthers(tx, left);
  await insertRows(tx, driver.maxValues, `INSERT INTO device_tokens (${COLUMNS})`, left.map(toRow));
}

/** Removes the tokens of devices. */
export async function removeTokens(tx: Transaction, deviceNums: readonly number[]): Promise<void> {
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    await tx.enqueue(`DELETE FROM device_tokens WHERE device_num IN ${places(chunk.length)}`, chunk);
  }
}

/** Leaves out the implied tokens of devices that have another one. */
async function withoutOutdone(tx: Transaction, given: readonly NewToken[]): Promise<NewToken[]> {
  const implied = given.filter(({ token }) => token.implied);
  const rows = await rowsFor(
    implied.map(({ deviceNum }) => deviceNum),
    (chunk) =>
      tx.all(`SELECT device_num, token_hash FROM device_tokens WHERE device_num IN ${places(chunk.length)}`, chunk),
  );
  const has = new Map(rows.map((row) => [Number(row.device_num), String(row.token_hash)]));
  return given.filter(
    ({ deviceNum, hash, token }) => !token.implied || !has.has(deviceNum) || has.get(deviceNum) === hash,
  );
}

async function takeFromOthers(tx: Transaction, given: readonly NewToken[]): Promise<void> {
  const groups = new Map<string, NewToken[]>();
  for (const one of given) {
    const key = `${one.appNum}:${one.channel}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  for (const group of groups.values()) {
    for (const chunk of chunks(group, KEYS_PER_STATEMENT)) {
      const hashes = chunk.map(({ hash }) => hash);
      await tx.enqueue(
        `DELETE FROM device_tokens WHERE app_num = ? AND channel = ? AND token_hash IN ${places(hashes.length)}`,
        [chunk[0]?.appNum ?? 0, chunk[0]?.channel ?? 0, ...hashes],
      );
    }
  }
}

function toRow({ deviceNum, appNum, channel, hash, token, now }: NewToken): SqlValue[] {
  return [
    deviceNum,
    appNum,
    channel,
    token.token,
    hash,
    environmentCodes.toCode(token.environment ?? 'PRODUCTION'),
    token.bundle ?? null,
    token.keys?.p256dh ?? null,
    token.keys?.auth ?? null,
    laneOf(appNum, token),
    now,
    tokenStateCodes.toCode('active'),
  ];
}
