import { and, eq, gt, inArray, isNull } from 'drizzle-orm';
import { deviceColumns, toDevice } from '../reads/registry.js';
import { quietScopeCodes } from '../sql/codes.js';
import { rowsFor, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { IdRotation, Rotated, StoreWriter } from '../store.js';

/** Time for which the id of before is good for asking again, in milliseconds. */
const REPEATABLE_MS = 60_000;

/** Changes of the ids of devices. */
export function createIdRotationCommits(driver: SqlDriver): Pick<StoreWriter, 'commitIdRotations'> {
  const { devices, replacedIds } = driver.tables;
  const columns = { ...deviceColumns(driver.tables), alias: devices.alias };

  async function rotate(tx: Transaction, { num, id, appNum }: Rotated['device'], newId: string, now: number) {
    await tx.enqueue('UPDATE devices SET id = ? WHERE num = ?', [newId, num]);
    const scope = quietScopeCodes.toCode('device');
    const where = `app_num = ? AND scope = ${scope} AND subject = ?`;
    await tx.enqueue(`UPDATE quiet_hours SET subject = ? WHERE ${where}`, [newId, appNum, id]);
    // An id of earlier still would lead to one that its holder was never told.
    await tx.enqueue('DELETE FROM replaced_ids WHERE device_num = ?', [num]);
    await tx.enqueue('INSERT INTO replaced_ids (id, device_num, replaced_at) VALUES (?, ?, ?)', [id, num, now]);
  }

  return {
    commitIdRotations: (rotations) =>
      driver.transaction(async (tx) => {
        const now = rotations[0]?.now ?? 0;
        const ids = rotations.map(({ id }) => id);
        const current = await rowsFor(ids, (chunk) =>
          tx.db
            .select(columns)
            .from(devices)
            .where(and(inArray(devices.id, chunk), isNull(devices.unregisteredAt))),
        );
        const earlier = await rowsFor(ids, (chunk) =>
          tx.db
            .select({ ...columns, previousId: replacedIds.id })
            .from(replacedIds)
            .innerJoin(devices, eq(devices.num, replacedIds.deviceNum))
            .where(
              and(
                inArray(replacedIds.id, chunk),
                gt(replacedIds.replacedAt, now - REPEATABLE_MS),
                isNull(devices.unregisteredAt),
              ),
            ),
        );
        const byId = new Map(current.map((row) => [row.id, row]));
        const byEarlier = new Map(earlier.map((row) => [row.previousId, row]));
        const results: (Rotated | undefined)[] = [];
        for (const { id, newId } of rotations) {
          const known = byId.get(id);
          const row = known ?? byEarlier.get(id);
          const device = row && { ...toDevice(row), alias: row.alias };
          if (device !== undefined && known !== undefined) await rotate(tx, device, newId, now);
          results.push(device && toRotated(device, { id, newId, isKnown: known !== undefined }));
        }
        await tx.enqueue('DELETE FROM replaced_ids WHERE replaced_at <= ?', [now - REPEATABLE_MS]);
        return results;
      }),
  };
}

function toRotated(
  device: Rotated['device'],
  { id, newId, isKnown }: Pick<IdRotation, 'id' | 'newId'> & { isKnown: boolean },
): Rotated {
  if (!isKnown) return { device, previousId: id, repeated: true };
  return { device: { ...device, id: newId }, previousId: id, repeated: false };
}
