import { and, eq, gt, gte, inArray, isNull, or, sql } from 'drizzle-orm';
import { hashSecret } from '../../../common/secrets.js';
import { type App, type AppKey, REMOVAL_DELAY_MS } from '../../domain/app.js';
import { EVERYONE_TAG } from '../../domain/audience.js';
import { type Device, dayOf, type Membership } from '../../domain/device.js';
import { decodeLimits } from '../sql/app-limits.js';
import { platformCodes, registrationCodes, scopeCodes } from '../sql/codes.js';
import { keyChunks, rowsFor, type SqlDriver, type Tables } from '../sql/driver.js';
import type { StoreReader } from '../store.js';
import { findSigningKeys } from './signing-keys.js';

type RegistryReads = Pick<
  StoreReader,
  'findApps' | 'findDevicesByAlias' | 'findDevicesById' | 'findDevicesByToken' | 'findSubscribers' | 'findTopics'
>;

/** Look-ups of apps, devices and topics. */
export function createRegistryReads(driver: SqlDriver): RegistryReads {
  const { db, tables } = driver;
  const { apps, appKeys, devices, deviceTags, topics } = tables;
  const columns = deviceColumns(tables);

  return {
    async findApps(ids) {
      const rows = await rowsFor(ids, (chunk) =>
        db
          .select({
            num: apps.num,
            id: apps.id,
            name: apps.name,
            disabledAt: apps.disabledAt,
            deletedAt: apps.deletedAt,
            registration: apps.registration,
            limits: apps.limits,
            keyNum: appKeys.num,
            keyName: appKeys.name,
            scope: appKeys.scope,
            hash: appKeys.keyHash,
            expiresAt: appKeys.expiresAt,
          })
          .from(apps)
          .leftJoin(appKeys, eq(appKeys.appNum, apps.num))
          .where(and(inArray(apps.id, chunk), isNotBeingRemoved(apps))),
      );
      const found = new Map<number, App & { keys: AppKey[] }>();
      const nums = rows.map(({ num }) => num);
      const signing = await findSigningKeys(driver, nums);
      for (const { num, id, name, disabledAt, deletedAt, registration: mode, limits: own, ...key } of rows) {
        const removedAt = toRemovedAt(deletedAt);
        const registration = registrationCodes.fromCode(mode);
        const signingKeys = signing.get(num) ?? [];
        const limits = decodeLimits(own);
        const app = {
          num,
          id,
          name,
          keys: [],
          disabled: isStopped({ disabledAt, deletedAt }),
          registration,
          signingKeys,
          limits,
          removedAt,
        };
        const known = found.get(num) ?? app;
        const { keyNum, keyName, scope, hash, expiresAt } = key;
        if (keyNum !== null && hash !== null) {
          known.keys.push({ num: keyNum, name: keyName ?? '', scope: scopeCodes.fromCode(scope), hash, expiresAt });
        }
        found.set(num, known);
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

    async findDevicesById(ids) {
      const rows = await rowsFor(ids, (chunk) => db.select(columns).from(devices).where(inArray(devices.id, chunk)));
      return rows.map(toDevice);
    },

    async findDevicesByToken(pairs) {
      const found: Device[] = [];
      for (const [appNum, hashes] of groupByApp(pairs, ({ nativeToken }) => hashSecret(nativeToken))) {
        const rows = await db
          .select(columns)
          .from(devices)
          .where(and(inArray(devices.tokenHash, hashes), eq(devices.appNum, appNum)));
        found.push(...rows.map(toDevice));
      }
      return found;
    },

    async findSubscribers(ids) {
      const rows = await rowsFor(ids, (chunk) =>
        db
          .select({
            ...columns,
            sinceId: devices.sinceId,
            seenAt: devices.lastSeenAt,
            disabledAt: apps.disabledAt,
            deletedAt: apps.deletedAt,
          })
          .from(devices)
          .leftJoin(apps, eq(apps.num, devices.appNum))
          .where(inArray(devices.id, chunk)),
      );
      const memberships = new Map<number, Membership[]>(rows.map((row) => [row.num, []]));
      const appNums = rows.map((row) => row.appNum);
      const everyone = await rowsFor(appNums, (chunk) =>
        db
          .select({ appNum: topics.appNum, num: topics.num })
          .from(topics)
          .where(and(inArray(topics.appNum, chunk), eq(topics.tag, EVERYONE_TAG))),
      );
      const everyoneOf = new Map(everyone.map((topic) => [topic.appNum, topic.num]));
      for (const row of rows) {
        const topicNum = everyoneOf.get(row.appNum);
        if (topicNum !== undefined) memberships.get(row.num)?.push({ topicNum, since: row.sinceId, until: null });
      }
      // What ended before the first push that is still on a topic has none.
      const oldest = sql`(SELECT MIN(push_id) FROM timeline)`;
      const tagged = await rowsFor(memberships.keys(), (chunk) =>
        db
          .select()
          .from(deviceTags)
          .where(
            and(inArray(deviceTags.deviceNum, chunk), or(isNull(deviceTags.untilId), gte(deviceTags.untilId, oldest))),
          ),
      );
      for (const row of tagged) {
        memberships.get(row.deviceNum)?.push({ topicNum: row.topicNum, since: row.sinceId, until: row.untilId });
      }
      // An idle session keeps this: it is written out, and the lists copied, so as to be no larger than they must.
      return rows.map((row) => {
        const { num, id, appNum, platform, registered, generation } = toDevice(row);
        const own = memberships.get(num)?.slice() ?? [];
        const appDisabled = isStopped(row);
        const seenDay = dayOf(row.seenAt ?? 0);
        return { num, id, appNum, platform, registered, generation, memberships: own, appDisabled, seenDay };
      });
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

/** The condition that leaves out apps whose removal has begun. */
export function isNotBeingRemoved({ deletedAt }: Tables['apps']) {
  return or(isNull(deletedAt), gt(deletedAt, 0));
}

/** Returns true if nothing of an app is accepted. */
export function isStopped({ disabledAt, deletedAt }: { disabledAt: number | null; deletedAt: number | null }): boolean {
  return disabledAt !== null || deletedAt !== null;
}

/** Returns when an app is removed that was deleted then. */
export function toRemovedAt(deletedAt: number | null): number | undefined {
  return deletedAt === null ? undefined : deletedAt + REMOVAL_DELAY_MS;
}

/** The columns that `toDevice` reads. */
export function deviceColumns({ devices }: Tables) {
  return {
    num: devices.num,
    id: devices.id,
    appNum: devices.appNum,
    platform: devices.platform,
    unregisteredAt: devices.unregisteredAt,
    generation: devices.generation,
  };
}

/** Returns the device of a row. */
export function toDevice(row: {
  num: number;
  id: string;
  appNum: number;
  platform: number;
  unregisteredAt: number | null;
  generation: number;
}): Device {
  const platform = platformCodes.fromCode(row.platform);
  if (platform === 'ALL') throw new Error(`device ${row.num} has no platform`);
  const { num, id, appNum, generation } = row;
  return { num, id, appNum, platform, registered: row.unregisteredAt === null, generation };
}

/**
 * The values by app, each once and as many as one statement names: neither dialect uses an index for `(a, b) IN (…)`
 * everywhere, and a set is of few apps.
 */
export function* groupByApp<T extends { appNum: number }>(
  items: readonly T[],
  value: (item: T) => string,
): Generator<[number, string[]]> {
  const groups = new Map<number, Set<string>>();
  for (const item of items) {
    const group = groups.get(item.appNum);
    if (group === undefined) groups.set(item.appNum, new Set([value(item)]));
    else group.add(value(item));
  }
  for (const [appNum, values] of groups) {
    for (const chunk of keyChunks([...values])) yield [appNum, chunk];
  }
}
