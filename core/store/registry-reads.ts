import { and, eq, inArray, isNull } from 'drizzle-orm';
import { EVERYONE_TAG } from '../domain/audience.js';
import type { Device, Membership } from '../domain/device.js';
import { platformCodes } from './codes.js';
import type { SqlDriver, Tables } from './driver.js';
import type { LookUps } from './store.js';

type RegistryReads = Pick<
  LookUps,
  'findApps' | 'findDevicesByAlias' | 'findDevicesById' | 'findSubscribers' | 'findTopics'
>;

/** Look-ups of apps, devices and topics. */
export function createRegistryReads({ db, tables }: SqlDriver): RegistryReads {
  const { apps, appKeys, devices, deviceTags, topics } = tables;
  const columns = deviceColumns(tables);

  async function findDevicesById(ids: readonly string[]): Promise<Device[]> {
    if (ids.length === 0) return [];
    const rows = await db
      .select(columns)
      .from(devices)
      .where(inArray(devices.id, [...ids]));
    return rows.map(toDevice);
  }

  return {
    async findApps(ids) {
      if (ids.length === 0) return [];
      const rows = await db
        .select({ num: apps.num, id: apps.id, name: apps.name, keyHash: appKeys.keyHash })
        .from(apps)
        .leftJoin(appKeys, eq(appKeys.appNum, apps.num))
        .where(inArray(apps.id, [...ids]));
      const found = new Map<number, { num: number; id: string; name: string; keyHashes: string[] }>();
      for (const { keyHash, ...app } of rows) {
        const known = found.get(app.num) ?? { ...app, keyHashes: [] };
        if (keyHash !== null) known.keyHashes.push(keyHash);
        found.set(app.num, known);
      }
      return [...found.values()];
    },

    async findDevicesByAlias(pairs) {
      const found: (Device & { alias: string })[] = [];
      for (const [appNum, aliases] of groupByApp(pairs, (pair) => pair.alias)) {
        const rows = await db
          .select({ ...columns, alias: devices.alias })
          .from(devices)
          .where(and(eq(devices.appNum, appNum), inArray(devices.alias, aliases), isNull(devices.unregisteredAt)));
        for (const row of rows) found.push({ ...toDevice(row), alias: row.alias });
      }
      return found;
    },

    findDevicesById,

    async findSubscribers(ids) {
      if (ids.length === 0) return [];
      const rows = await db
        .select({ ...columns, sinceId: devices.sinceId })
        .from(devices)
        .where(inArray(devices.id, [...ids]));
      if (rows.length === 0) return [];
      const memberships = new Map<number, Membership[]>(rows.map((row) => [row.num, []]));
      const everyone = await db
        .select({ appNum: topics.appNum, num: topics.num })
        .from(topics)
        .where(and(inArray(topics.appNum, [...new Set(rows.map((row) => row.appNum))]), eq(topics.tag, EVERYONE_TAG)));
      const everyoneOf = new Map(everyone.map((topic) => [topic.appNum, topic.num]));
      for (const row of rows) {
        const topicNum = everyoneOf.get(row.appNum);
        if (topicNum !== undefined) memberships.get(row.num)?.push({ topicNum, since: row.sinceId, until: null });
      }
      const tagged = await db
        .select()
        .from(deviceTags)
        .where(inArray(deviceTags.deviceNum, [...memberships.keys()]));
      for (const row of tagged) {
        memberships.get(row.deviceNum)?.push({ topicNum: row.topicNum, since: row.sinceId, until: row.untilId });
      }
      return rows.map((row) => ({ ...toDevice(row), memberships: memberships.get(row.num) ?? [] }));
    },

    async findTopics(pairs) {
      const found: { appNum: number; tag: string; num: number }[] = [];
      for (const [appNum, tags] of groupByApp(pairs, (pair) => pair.tag)) {
        const rows = await db
          .select()
          .from(topics)
          .where(and(eq(topics.appNum, appNum), inArray(topics.tag, tags)));
        found.push(...rows);
      }
      return found;
    },
  };
}

/** The columns that `toDevice` reads. */
export function deviceColumns({ devices }: Tables) {
  return {
    num: devices.num,
    id: devices.id,
    appNum: devices.appNum,
    platform: devices.platform,
    unregisteredAt: devices.unregisteredAt,
  };
}

export function toDevice(row: {
  num: number;
  id: string;
  appNum: number;
  platform: number;
  unregisteredAt: number | null;
}): Device {
  const platform = platformCodes.fromCode(row.platform);
  if (platform === 'ALL') throw new Error(`device ${row.num} has no platform`);
  return { num: row.num, id: row.id, appNum: row.appNum, platform, registered: row.unregisteredAt === null };
}

/** The values by app: neither dialect uses an index for `(a, b) IN (…)` everywhere, and a set is of few apps. */
export function groupByApp<T extends { appNum: number }>(
  items: readonly T[],
  value: (item: T) => string,
): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const item of items) {
    const group = groups.get(item.appNum);
    if (group === undefined) groups.set(item.appNum, [value(item)]);
    else group.push(value(item));
  }
  return groups;
}
