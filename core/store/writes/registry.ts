import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { hashSecret } from '../../../common/secrets.js';
import { EVERYONE_TAG } from '../../domain/audience.js';
import type { Device } from '../../domain/device.js';
import { deviceColumns, toDevice } from '../reads/registry.js';
import { readTokens } from '../reads/tokens.js';
import { platformCodes, registrationCodes } from '../sql/codes.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  rowsFor,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import { CORE } from '../sql/fence.js';
import type { NewApp, NewRegistration, Refusal, Registered, StoreWriter, Updated } from '../store.js';
import { planUpdates } from './device-updates.js';
import { forgetDevices } from './forget-devices.js';
import type { RegistrationLimits } from './registration-limits.js';
import { commitTags } from './tags.js';
import { commitTokens } from './tokens.js';

/** Changes of apps and devices. */
export function createRegistryCommits(
  driver: SqlDriver,
  limits: RegistrationLimits,
): Pick<StoreWriter, 'commitApps' | 'commitRegistrations' | 'commitUpdates' | 'commitUnregistrations'> {
  const { apps, appKeys, devices, topics } = driver.tables;

  async function commitRegistrations(
    tx: Transaction,
    registrations: readonly NewRegistration[],
  ): Promise<(Registered | Refusal)[]> {
    const hashes = registrations.map((registration) => hashSecret(registration.nativeToken));
    const before = await findByToken(tx, hashes);
    const earlierOf = (index: number) => before.get(tokenKey(registrations[index]?.appNum ?? 0, hashes[index] ?? ''));
    const isNew = (index: number): boolean => earlierOf(index)?.unregisteredAt !== null;
    const joins = (index: number): boolean => isNew(index) || earlierOf(index)?.alias !== registrations[index]?.alias;
    const refusals = await limits.check(tx, registrations, joins, isNew);
    const isAccepted = (_: unknown, index: number): boolean => refusals[index] === undefined;
    const accepted = registrations.filter(isAccepted);
    const results = (await commitAccepted(tx, accepted, hashes.filter(isAccepted), before)).values();
    return refusals.map((refusal) => refusal ?? must(results.next().value));
  }

  async function commitAccepted(
    tx: Transaction,
    registrations: readonly NewRegistration[],
    hashes: readonly string[],
    before: Awaited<ReturnType<typeof findByToken>>,
  ): Promise<Registered[]> {
    if (registrations.length === 0) return [];
    const now = registrations[0]?.now ?? 0;
    await rememberClock(tx, registrations[0]?.sinceId ?? 0);
    const columns =
      'id, app_num, alias, platform, native_token, token_hash, mobile, since_id, registered_at, last_seen_at';
    const rowsOf = (known: boolean): SqlValue[][] =>
      registrations.flatMap((registration, index) => {
        const earlier = before.get(tokenKey(registration.appNum, hashes[index] ?? ''));
        if ((earlier !== undefined) !== known) return [];
        return [
          [
            ...(earlier === undefined ? [] : [earlier.num]),
            registration.newId,
            registration.appNum,
            registration.alias,
            platformCodes.toCode(registration.platform),
            registration.nativeToken,
            hashes[index] ?? '',
            registration.mobile,
            registration.sinceId,
            registration.registeredAt ?? registration.now,
            0,
          ],
        ];
      });
    // An update of many rows. The id and the token stay, and when it was seen; so does since_id: it is set below where
    // the device starts afresh.
    const changes = { alias: 'new', platform: 'new', mobile: 'new', registered_at: 'new' } as const;
    await insertRows(tx, driver.maxValues, `INSERT INTO devices (${columns})`, rowsOf(false));
    // By their number, since an insert that finds its token uses up a new one.
    await insertRows(
      tx,
      driver.maxValues,
      `INSERT INTO devices (num, ${columns})`,
      rowsOf(true),
      driver.onConflictUpdate(['num'], changes),
    );
    const after = await findByToken(tx, hashes);
    const back: Device[] = [];
    const registered = registrations.map((registration, index): Registered => {
      const key = tokenKey(registration.appNum, hashes[index] ?? '');
      const row = after.get(key);
      if (row === undefined) throw new Error('a device is missing after its insert');
      const earlier = before.get(key);
      const previousAlias = earlier?.unregisteredAt === null ? earlier.alias : undefined;
      const startedAfresh = previousAlias !== registration.alias;
      const isBack = startedAfresh && earlier !== undefined;
      const device = { ...toDevice(row), registered: true, generation: row.generation + (isBack ? 1 : 0) };
      if (isBack) back.push(device);
      return {
        device,
        alias: registration.alias,
        previousAlias,
        startedAfresh,
        unchanged: !startedAfresh && earlier?.platform === row.platform,
        topics: [],
      };
    });
    const sinceId = registrations[0]?.sinceId ?? 0;
    for (const chunk of chunks(back, KEYS_PER_STATEMENT)) {
      const nums = await forgetDevices(driver, tx, chunk, now);
      const generation = sql`${devices.generation} + 1`;
      await tx.db.update(devices).set({ sinceId, unregisteredAt: null, generation }).where(inArray(devices.num, nums));
    }
    await commitTokens(driver, tx, registrations, registered);
    const topicNums = await commitTags(driver, tx, registrations, registered, limits);
    return registered.map((entry, index) => ({ ...entry, topics: topicNums[index] ?? [] }));
  }

  async function findByToken(tx: Transaction, hashes: readonly string[]) {
    const rows = await rowsFor(hashes, (chunk) =>
      tx.db
        .select({ ...deviceColumns(driver.tables), alias: devices.alias, tokenHash: devices.tokenHash })
        .from(devices)
        .where(inArray(devices.tokenHash, chunk)),
    );
    return new Map(rows.map((row) => [tokenKey(row.appNum, row.tokenHash), row]));
  }

  return {
    commitRegistrations: (registrations) => driver.transaction((tx) => commitRegistrations(tx, registrations)),

    commitUpdates: (updates) =>
      driver.transaction(async (tx) => {
        const planned = await planUpdates(driver, tx, updates);
        const registrations = planned.filter((plan) => typeof plan === 'object');
        const results = registrations.length === 0 ? [] : await commitRegistrations(tx, registrations);
        const nums = results.flatMap((result) => (typeof result === 'object' ? [result.device.num] : []));
        const tokens = await readTokens(driver.tables, tx, nums);
        const done = new Map(registrations.map((registration, index) => [registration, results[index]]));
        return planned.map((plan): Updated | 'tooManyTags' | Refusal | undefined => {
          if (typeof plan !== 'object') return plan;
          const result = done.get(plan);
          if (typeof result !== 'object') return result;
          return { registration: plan, result, token: tokens.get(result.device.num) };
        });
      }),

    commitUnregistrations: (ids, now) =>
      driver.transaction(async (tx) => {
        const ended: (Device & { alias: string })[] = [];
        for (const chunk of chunks(ids, KEYS_PER_STATEMENT)) {
          const rows = await tx.db
            .select({ ...deviceColumns(driver.tables), alias: devices.alias })
            .from(devices)
            .where(inArray(devices.id, [...chunk]));
          const leaving = rows.filter(({ unregisteredAt }) => unregisteredAt === null).map(toDevice);
          if (leaving.length > 0) {
            const nums = await forgetDevices(driver, tx, leaving, now);
            const generation = sql`${devices.generation} + 1`;
            await tx.db.update(devices).set({ unregisteredAt: now, generation }).where(inArray(devices.num, nums));
          }
          for (const row of rows) {
            const generation = row.generation + (row.unregisteredAt === null ? 1 : 0);
            ended.push({ ...toDevice(row), alias: row.alias, registered: false, generation });
          }
        }
        return ended;
      }),

    commitApps: (newApps) =>
      driver.transaction(async (tx) => {
        for (const chunk of chunks(newApps, KEYS_PER_STATEMENT)) await commitApps(tx, chunk);
      }),
  };

  async function commitApps(tx: Transaction, newApps: readonly NewApp[]): Promise<void> {
    const ids = newApps.map((app) => app.id);
    const existing = await tx.db.select({ id: apps.id }).from(apps).where(inArray(apps.id, ids));
    const fresh = new Map(newApps.toReversed().map((app) => [app.id, app]));
    for (const { id } of existing) fresh.delete(id);
    await insertRows(
      tx,
      driver.maxValues,
      `${driver.insertIgnore} INTO apps (id, name, created_at, registration)`,
      [...fresh.values()].map(({ id, name, now, registration = 'OPEN' }) => {
        return [id, name, now, registrationCodes.toCode(registration)];
      }),
    );
    const ours = await tx.db
      .select({ id: apps.id, num: apps.num })
      .from(apps)
      .leftJoin(appKeys, eq(appKeys.appNum, apps.num))
      .where(and(inArray(apps.id, ids), isNull(appKeys.num)));
    const numbered = ours.flatMap(({ id, num }) => {
      const app = fresh.get(id);
      return app === undefined ? [] : [{ ...app, appNum: num }];
    });
    if (numbered.length === 0) return;
    await tx.db
      .insert(appKeys)
      .values(numbered.map(({ appNum, keyHash, now }) => ({ appNum, keyHash, createdAt: now })));
    await tx.db.insert(topics).values(numbered.map(({ appNum }) => ({ appNum, tag: EVERYONE_TAG })));
  }
}

function must(result: Registered | undefined): Registered {
  if (result === undefined) throw new Error('a registration has no result');
  return result;
}

function tokenKey(appNum: number, tokenHash: string): string {
  return `${appNum}:${tokenHash}`;
}

/** No push may ever get an id below one that a device has its messages since. */
async function rememberClock(tx: Transaction, pushId: number): Promise<void> {
  await tx.enqueue(`UPDATE cores SET push_id = ? WHERE core = ${CORE} AND push_id < ?`, [pushId, pushId]);
}
