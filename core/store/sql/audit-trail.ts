import type { AuditEntry } from '../../domain/access.js';
import type { CallerWriter } from '../store.js';
import { actorCodes } from './codes.js';
import type { Database } from './driver.js';

const INSERT = `INSERT INTO audit_log
  (at, actor_kind, actor_id, actor_name, app_id, method, target, address, outcome)`;

/** Transactions with the entries of the audit log that were put alongside them. */
export function createAuditTrail<D extends Database>(driver: D): { driver: D } & Pick<CallerWriter, 'alongside'> {
  let waiting: readonly AuditEntry[] = [];
  return {
    driver: {
      ...driver,
      transaction(work) {
        // Taken once: the work may be run again.
        const entries = waiting;
        waiting = [];
        if (entries.length === 0) return driver.transaction(work);
        return driver.transaction(async (tx) => {
          await tx.enqueueInsert(INSERT, entries.map(rowOf), '');
          return work(tx);
        });
      },
    },
    alongside(entries) {
      waiting = entries;
    },
  };
}

function rowOf({ at, actor, appId, method, target, address, outcome }: AuditEntry) {
  return [at, actorCodes.toCode(actor.kind), actor.id, actor.name, appId, method, target, address, outcome];
}
