import { and, inArray, isNull } from 'drizzle-orm';
import { hashSecret } from '../../common/secrets.js';
import { EVERYONE_TAG } from '../domain/audience.js';
import { platformCodes } from './codes.js';
import { discardInboxes } from './delivery-commits.js';
import { insertRows, type SqlDriver, type SqlRunner, type SqlValue } from './driver.js';
import { deviceColumns, toDevice } from './registry-reads.js';
import type { Commits, NewRegistration, Registered } from './store.js';
import { commitTags } from './tag-commits.js';

/** Changes of apps and devices. */
export function createRegistryCommits(
  driver: SqlDriver,
): Pick<Commits, 'commitApps' | 'commitRegistrations' | 'commitUnregistrations'> {
  const { apps, appKeys, devices, deviceTags, cursors } = driver.tables;

  async function commitRegistrations(tx: SqlRunner, registrations: readonly NewRegistration[]): Promise<Registered[]> {
    const now = registrations[0]?.now ?? 0;
    const hashes = registrations.map((registration) => hashSecret(registration.nativeToken));
    const before = await findByToken(tx, hashes);
    const columns = 'id, app_num, alias, platform, native_token, token_hash, mobile, since_id, registered_at';
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
            registration.now,
          ],
        ];
      });
    await insertRows(tx, driver.maxValues, `INSERT INTO devices (${columns})`, rowsOf(false));
    // An update of many rows, by their number. The id and the token stay, and so does since_id: it is set below where the
    // device starts afresh.
    await insertRows(
      tx,
      driver.maxValues,
      `INSERT INTO devices (num, ${columns})`,
      rowsOf(true),
      driver.onConflictUpdate(['num'], { alias: 'new', platform: 'new', mobile: 'new', registered_at: 'new' }),
    );
    const after = await findByToken(tx, hashes);
    const registered = registrations.map((registration, index): Registered => {
      const key = tokenKey(registration.appNum, hashes[index] ?? '');
      const row = after.get(key);
      if (row === undefined) throw new Error('a device is missing after its insert');
      const earlier = before.get(key);
      const previousAlias = earlier?.unregisteredAt === null ? earlier.alias : undefined;
      return {
        device: { ...toDevice(row), registered: true },
        alias: registration.alias,
        previousAlias,
        startedAfresh: previousAlias !== registration.alias,
        topics: [],
      };
    });
    const back = registered.filter(({ device, startedAfresh }) => startedAfresh && !isNew(device.id, registrations));
    if (back.length > 0) {
      const sinceId = registrations[0]?.sinceId ?? 0;
      await forget(
        tx,
        back.map(({ device }) => device.num),
        now,
      );
      await tx.db
        .update(devices)
        .set({ sinceId, unregisteredAt: null })
        .where(
          inArray(
            devices.num,
            back.map(({ device }) => device.num),
          ),
        );
    }
    const topics = await commitTags(driver, tx, registrations, registered);
    return registered.map((entry, index) => ({ ...entry, topics: topics[index] ?? [] }));
  }

  async function findByToken(tx: SqlRunner, hashes: readonly string[]) {
    const rows = await tx.db
      .select({ ...deviceColumns(driver.tables), alias: devices.alias, tokenHash: devices.tokenHash })
      .from(devices)
      .where(inArray(devices.tokenHash, [...hashes]));
    return new Map(rows.map((row) => [tokenKey(row.appNum, row.tokenHash), row]));
  }

  /** Ends all that waits for devices, and what they remember of their topics. */
  async function forget(tx: SqlRunner, deviceNums: number[], now: number): Promise<void> {
    await discardInboxes(tx, deviceNums, now);
    await tx.db.delete(deviceTags).where(inArray(deviceTags.deviceNum, deviceNums));
    await tx.db.delete(cursors).where(inArray(cursors.deviceNum, deviceNums));
  }

  return {
    commitRegistrations: (registrations) => driver.transaction((tx) => commitRegistrations(tx, registrations)),

    commitUnregistrations: (ids, now) =>
      driver.transaction(async (tx) => {
        const rows = await tx.db
          .select({ ...deviceColumns(driver.tables), alias: devices.alias })
          .from(devices)
          .where(and(inArray(devices.id, [...ids]), isNull(devices.unregisteredAt)));
        const nums = rows.map((row) => row.num);
        if (nums.length === 0) return [];
        await tx.db.update(devices).set({ unregisteredAt: now }).where(inArray(devices.num, nums));
        await forget(tx, nums, now);
        return rows.map((row) => ({ ...toDevice(row), alias: row.alias, registered: false }));
      }),

    commitApps: (newApps) =>
      driver.transaction(async (tx) => {
        const ids = newApps.map((app) => app.id);
        const existing = await tx.db.select({ id: apps.id }).from(apps).where(inArray(apps.id, ids));
        const known = new Set(existing.map((app) => app.id));
        const fresh = newApps.filter((app) => !known.has(app.id));
        if (fresh.length === 0) return;
        await tx.db.insert(apps).values(fresh.map(({ id, name, now }) => ({ id, name, createdAt: now })));
        const rows = await tx.db.select({ id: apps.id, num: apps.num }).from(apps).where(inArray(apps.id, ids));
        const numOf = new Map(rows.map((row) => [row.id, row.num]));
        const numbered = fresh.map((app) => ({ ...app, appNum: numOf.get(app.id) ?? 0 }));
        await tx.db
          .insert(appKeys)
          .values(numbered.map(({ appNum, keyHash, now }) => ({ appNum, keyHash, createdAt: now })));
        await tx.db.insert(driver.tables.topics).values(numbered.map(({ appNum }) => ({ appNum, tag: EVERYONE_TAG })));
      }),
  };
}

function tokenKey(appNum: number, tokenHash: string): string {
  return `${appNum}:${tokenHash}`;
}

function isNew(deviceId: string, registrations: readonly NewRegistration[]): boolean {
  return registrations.some((registration) => registration.newId === deviceId);
}
