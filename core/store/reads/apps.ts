import { and, asc, gt } from 'drizzle-orm';
import { registrationCodes } from '../sql/codes.js';
import type { SqlDriver } from '../sql/driver.js';
import type { AppReader } from '../store.js';
import { isNotBeingRemoved, isStopped, toRemovedAt } from './registry.js';

/** Lists apps, and finds those that are to be removed. */
export function createAppReads({ db, all, tables: { apps } }: SqlDriver): AppReader {
  return {
    async listApps(after, limit) {
      const rows = await db
        .select()
        .from(apps)
        .where(and(gt(apps.num, after), isNotBeingRemoved(apps)))
        .orderBy(asc(apps.num))
        .limit(limit);
      return rows.map(({ num, id, name, createdAt, disabledAt, deletedAt, registration: mode }) => {
        const registration = registrationCodes.fromCode(mode);
        return {
          num,
          id,
          name,
          createdAt,
          disabled: isStopped({ disabledAt, deletedAt }),
          registration,
          removedAt: toRemovedAt(deletedAt),
        };
      });
    },

    async findDeletedApp(deletedBefore) {
      const [row] = await all('SELECT num, id FROM apps WHERE deleted_at <= ? ORDER BY num LIMIT 1', [deletedBefore]);
      return row && { num: Number(row.num), id: String(row.id) };
    },

    async findDevicesOfApp(appNum, limit) {
      const rows = await all('SELECT num FROM devices WHERE app_num = ? LIMIT ?', [appNum, limit]);
      return rows.map(({ num }) => Number(num));
    },
  };
}
