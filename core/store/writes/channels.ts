import { channelCodes } from '../sql/codes.js';
import type { SqlDriver, Transaction } from '../sql/driver.js';
import type { ChannelName, ChannelWriter, NewChannel, StoredChannel } from '../store.js';

/** Changes of channels: rare, so one by one. */
export function createChannelCommits(driver: SqlDriver): ChannelWriter {
  return {
    commitChannels: (channels) => each(driver, channels, store),
    commitChannelRemovals: (names) =>
      each(driver, names, async (tx, name) => {
        const found = await find(tx, name);
        if (found !== undefined) await tx.run('DELETE FROM channels WHERE num = ?', [found.num]);
        return found?.num;
      }),
    commitAppWaking: (waking) =>
      each(driver, waking, async (tx, { id, hidesContent }) => {
        const [app] = await tx.all('SELECT num FROM apps WHERE id = ?', [id]);
        if (app === undefined) return undefined;
        const num = Number(app.num);
        await tx.run('UPDATE apps SET hides_content = ? WHERE num = ?', [Number(hidesContent), num]);
        return num;
      }),
  };
}

function each<I, O>(
  driver: SqlDriver,
  items: readonly I[],
  work: (tx: Transaction, item: I) => Promise<O>,
): Promise<O[]> {
  return driver.transaction(async (tx) => {
    const results: O[] = [];
    for (const item of items) results.push(await work(tx, item));
    return results;
  });
}

async function store(tx: Transaction, channel: NewChannel): Promise<StoredChannel> {
  const { appNum, name, settings, keyId, updatedAt } = channel;
  const code = channelCodes.toCode(channel.channel);
  const known = await find(tx, channel);
  if (known === undefined) {
    await tx.run(
      `INSERT INTO channels (app_num, name, channel, settings, key_id, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [appNum, name, code, settings, keyId, updatedAt, updatedAt],
    );
  } else {
    await tx.run('UPDATE channels SET channel = ?, settings = ?, key_id = ?, updated_at = ? WHERE num = ?', [
      code,
      settings,
      keyId,
      updatedAt,
      known.num,
    ]);
  }
  const { num, createdAt } = known ?? (await find(tx, channel)) ?? { num: 0, createdAt: 0 };
  return { ...channel, num, createdAt };
}

async function find(
  tx: Transaction,
  { appNum, name }: ChannelName,
): Promise<Pick<StoredChannel, 'num' | 'createdAt'> | undefined> {
  const [row] = await tx.all('SELECT num, created_at FROM channels WHERE app_num = ? AND name = ?', [appNum, name]);
  return row && { num: Number(row.num), createdAt: Number(row.created_at) };
}
