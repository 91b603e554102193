import { and, desc, eq, gte, lt, lte } from 'drizzle-orm';
import { actorCodes, scopeCodes } from '../sql/codes.js';
import type { SqlDriver } from '../sql/driver.js';
import type { CallerReader } from '../store.js';

/** Look-ups of keys, admin tokens and the audit log. */
export function createCallerReads({ db, tables }: SqlDriver): CallerReader {
  const { appKeys, adminTokens, auditLog } = tables;
  return {
    async listAppKeys(appNum) {
      const rows = await db.select().from(appKeys).where(eq(appKeys.appNum, appNum)).orderBy(desc(appKeys.num));
      return rows.map(({ num, name, scope, createdAt, expiresAt, lastUsedAt }) => {
        return { num, name, scope: scopeCodes.fromCode(scope), createdAt, expiresAt, lastUsedAt };
      });
    },

    async loadAdminTokens() {
      const rows = await db.select().from(adminTokens).orderBy(desc(adminTokens.num));
      return rows.map(({ tokenHash, ...row }) => ({ ...row, hash: tokenHash }));
    },

    async findOldEntries(until, limit) {
      const rows = await db
        .select({ num: auditLog.num })
        .from(auditLog)
        .where(lte(auditLog.at, until))
        .orderBy(auditLog.at)
        .limit(limit);
      return rows.map(({ num }) => num);
    },

    async listAuditLog({ appId, actorId, from, until }, before, limit) {
      const rows = await db
        .select()
        .from(auditLog)
        .where(
          and(
            lt(auditLog.num, before),
            appId === undefined ? undefined : eq(auditLog.appId, appId),
            actorId === undefined ? undefined : eq(auditLog.actorId, actorId),
            from === undefined ? undefined : gte(auditLog.at, from),
            until === undefined ? undefined : lt(auditLog.at, until),
          ),
        )
        .orderBy(desc(auditLog.num))
        .limit(limit);
      return rows.map(({ actorKind, actorId: id, actorName: name, ...row }) => {
        return { ...row, actor: { kind: actorCodes.fromCode(actorKind), id, name } };
      });
    },
  };
}
