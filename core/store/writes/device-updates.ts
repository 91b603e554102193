import { and, eq, inArray, isNull } from 'drizzle-orm';
import { LIMITS } from '../../../common/contract/fields.js';
import { deviceColumns, toDevice } from '../reads/registry.js';
import { rowsFor, type SqlDriver, type SqlRunner, type Tables, type Transaction } from '../sql/driver.js';
import type { DeviceUpdate, NewRegistration } from '../store.js';

/** The tags that devices have now; a device without tags is absent. */
export async function readTags(
  { deviceTags, topics }: Tables,
  { db }: Pick<SqlRunner, 'db'>,
  deviceNums: readonly number[],
): Promise<Map<number, string[]>> {
  const rows = await rowsFor(deviceNums, (chunk) =>
    db
      .select({ deviceNum: deviceTags.deviceNum, tag: topics.tag })
      .from(deviceTags)
      .innerJoin(topics, eq(topics.num, deviceTags.topicNum))
      .where(and(inArray(deviceTags.deviceNum, chunk), isNull(deviceTags.untilId))),
  );
  const found = new Map<number, string[]>();
  for (const { deviceNum, tag } of rows) {
    const known = found.get(deviceNum);
    if (known === undefined) found.set(deviceNum, [tag]);
    else known.push(tag);
  }
  return found;
}

/**
 * The registrations that make devices what the updates ask for. In the order of the updates; undefined: no such device.
 */
export async function planUpdates(
  driver: SqlDriver,
  tx: Transaction,
  updates: readonly DeviceUpdate[],
): Promise<(NewRegistration | 'tooManyTags' | undefined)[]> {
  const { devices } = driver.tables;
  const rows = await rowsFor(
    updates.map(({ id }) => id),
    (chunk) =>
      tx.db
        .select({
          ...deviceColumns(driver.tables),
          alias: devices.alias,
          mobile: devices.mobile,
          nativeToken: devices.nativeToken,
          registeredAt: devices.registeredAt,
        })
        .from(devices)
        .where(and(inArray(devices.id, chunk), isNull(devices.unregisteredAt))),
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const had = await readTags(
    driver.tables,
    tx,
    rows.map(({ num }) => num),
  );
  return updates.map(({ id, appNum, addTags, removeTags, alias, mobile, push, maxTags, sinceId, now }) => {
    const row = known.get(id);
    if (row === undefined || row.appNum !== appNum) return undefined;
    const kept = (had.get(row.num) ?? []).filter((tag) => !removeTags.includes(tag));
    const tags = [...new Set([...kept, ...addTags])];
    if (tags.length > LIMITS.tags) return 'tooManyTags';
    return {
      // A registration names its app by number; the id is what callers name it by.
      appId: '',
      appNum,
      alias: alias ?? row.alias,
      platform: toDevice(row).platform,
      nativeToken: row.nativeToken,
      mobile: mobile === undefined ? row.mobile : mobile,
      tags,
      push,
      ...(maxTags !== undefined && { maxTags }),
      newId: id,
      sinceId,
      now,
      registeredAt: row.registeredAt,
    };
  });
}
