import { and, eq, inArray, sql } from 'drizzle-orm';
import type { QuietHours, QuietKey, QuietSubject } from '../../domain/quiet-hours.js';
import { quietScopeCodes } from '../sql/codes.js';
import { rowsFor, type SqlDriver } from '../sql/driver.js';
import type { Store } from '../store.js';

/** Quiet hours by the name of their subject, of each kind. */
type Known = Readonly<Record<QuietSubject['kind'], ReadonlyMap<string, QuietHours>>>;

/** Look-ups of quiet hours. */
export function createQuietHoursReads({ db, tables }: SqlDriver): Pick<Store, 'listQuietHours' | 'findQuietHours'> {
  const { apps, quietHours } = tables;

  async function find(appNum: number, kind: QuietSubject['kind'], names: Iterable<string>) {
    const scope = quietScopeCodes.toCode(kind);
    const rows = await rowsFor(names, (chunk) =>
      db
        .select()
        .from(quietHours)
        .where(and(eq(quietHours.appNum, appNum), eq(quietHours.scope, scope), inArray(quietHours.subject, chunk))),
    );
    return new Map(
      rows.map(({ subject, timeZone, fromMinute, untilMinute }) => [subject, { timeZone, fromMinute, untilMinute }]),
    );
  }

  async function findAll(appNum: number, aliases: Iterable<string>, deviceIds: Iterable<string>): Promise<Known> {
    return {
      app: await find(appNum, 'app', ['']),
      user: await find(appNum, 'user', aliases),
      device: await find(appNum, 'device', deviceIds),
    };
  }

  /** Most apps have none: those are not asked about one by one. */
  async function withSome(appNums: Iterable<number>): Promise<number[]> {
    // Of an EXISTS MariaDB makes a join that reads them all.
    const some = sql`(SELECT q.scope FROM quiet_hours q WHERE q.app_num = ${apps.num} LIMIT 1) IS NOT NULL`;
    const rows = await rowsFor(appNums, (chunk) =>
      db
        .select({ num: apps.num })
        .from(apps)
        .where(and(inArray(apps.num, chunk), some)),
    );
    return rows.map(({ num }) => num);
  }

  return {
    async listQuietHours(appNum, aliases, deviceIds) {
      const { app, user, device } = await findAll(appNum, aliases, deviceIds);
      return [
        ...[...app.values()].map((hours) => ({ subject: { kind: 'app' as const }, hours })),
        ...[...user].map(([alias, hours]) => ({ subject: { kind: 'user' as const, alias }, hours })),
        ...[...device].map(([deviceId, hours]) => ({ subject: { kind: 'device' as const, deviceId }, hours })),
      ];
    },

    async findQuietHours(devices) {
      const known = new Map<number, Known>();
      for (const appNum of await withSome(devices.map((device) => device.appNum))) {
        const own = devices.filter((device) => device.appNum === appNum);
        const aliases = own.map(({ alias }) => alias);
        known.set(
          appNum,
          await findAll(
            appNum,
            aliases,
            own.map(({ deviceId }) => deviceId),
          ),
        );
      }
      return devices.map(({ appNum, alias, deviceId }: QuietKey) => {
        const own = known.get(appNum);
        return own?.device.get(deviceId) ?? own?.user.get(alias) ?? own?.app.get('');
      });
    },
  };
}
