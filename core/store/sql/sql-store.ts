import { PER_MILLISECOND } from '../../../common/push-id.js';
import { createIdClock, type IdClock } from '../../domain/id-clock.js';
import { createAppReads } from '../reads/apps.js';
import { createAudienceReads } from '../reads/audiences.js';
import { createCallerReads } from '../reads/callers.js';
import { createChannelReads } from '../reads/channels.js';
import { createDeliveryReads } from '../reads/deliveries.js';
import { createDeliveryListReads } from '../reads/delivery-lists.js';
import { createJobReads } from '../reads/jobs.js';
import { createPushListReads } from '../reads/push-lists.js';
import { createQuietHoursReads } from '../reads/quiet-hours.js';
import { createReceiptReads } from '../reads/receipts.js';
import { createRegistryReads } from '../reads/registry.js';
import { createQueryReads } from '../reads/reports.js';
import { createRetentionReads } from '../reads/retention.js';
import { createSigningKeyReads } from '../reads/signing-keys.js';
import { createTimelineReads } from '../reads/timelines.js';
import { createUsageReads } from '../reads/usage.js';
import { createWakeReads } from '../reads/wakes.js';
import { createWebhookReads } from '../reads/webhooks.js';
import { type CoreOwnership, type Store, StoreUnavailable } from '../store.js';
import { createAppRemovalCommits } from '../writes/app-removals.js';
import { createAppCommits } from '../writes/apps.js';
import { createCallerCommits } from '../writes/callers.js';
import { createChannelCommits } from '../writes/channels.js';
import { createDeliveryCommits } from '../writes/deliveries.js';
import { createIdRotationCommits } from '../writes/id-rotations.js';
import { createJobCommits } from '../writes/jobs.js';
import { createQuietHoursCommits } from '../writes/quiet-hours.js';
import { createRegistrationLimits } from '../writes/registration-limits.js';
import { createRegistryCommits } from '../writes/registry.js';
import { createRetentionCommits } from '../writes/retention.js';
import { createSigningKeyCommits } from '../writes/signing-keys.js';
import { createSweepCommits } from '../writes/sweep.js';
import { createWakePlanCommits } from '../writes/wake-plans.js';
import { createWakeCommits } from '../writes/wakes.js';
import { createWebhookCommits } from '../writes/webhooks.js';
import { createAuditTrail } from './audit-trail.js';
import type { Database, SqlDriver } from './driver.js';
import { createEndedCounts, type EndedCounts } from './ended-counts.js';
import { CORE, createFence } from './fence.js';

/**
 * So far the numbers of deliveries may be ahead of those of pushes, in milliseconds: a burst runs ahead of the clock.
 */
const AHEAD_MS = 3_600_000;

/** The store over either dialect. */
export function createSqlStore(database: Database): Store {
  const fence = createFence(database);
  const ended = createEndedCounts(fence);
  let receiptIds: IdClock | undefined;

  function nextReceipt(): number {
    if (receiptIds === undefined) throw new Error('this store has not been taken over');
    return receiptIds.next();
  }

  async function takeOver(address: string, from: number): Promise<boolean> {
    if (!(await fence.takeOver(address, from))) return false;
    // Only now: until then the earlier core may have committed more.
    const [row] = await database.all(
      'SELECT (SELECT MAX(seq) FROM receipts) AS receipt, (SELECT MAX(seq) FROM wakes) AS wake',
      [],
    );
    receiptIds = createIdClock(CORE, Math.max(Number(row?.receipt ?? 0), Number(row?.wake ?? 0)));
    return true;
  }

  async function resolveDoubt(): Promise<boolean> {
    const committed = await fence.resolveDoubt();
    ended.resolved(committed);
    return committed;
  }

  const { driver, alongside } = createAuditTrail({ ...database, ...ended, nextReceipt });
  return storeOver(driver, { ...fence, takeOver, resolveDoubt }, ended, alongside);
}

function storeOver(
  driver: SqlDriver,
  ownership: CoreOwnership,
  { counts }: EndedCounts,
  alongside: Store['alongside'],
): Store {
  const registryReads = createRegistryReads(driver);
  const deliveryReads = createDeliveryReads(driver);
  const limits = createRegistrationLimits(driver);
  let unavailable = 0;
  const store: Store = {
    ...registryReads,
    ...createAudienceReads(driver, registryReads),
    ...createRegistryCommits(driver, limits),
    ...createAppReads(driver),
    ...createAppCommits(driver),
    ...createAppRemovalCommits(driver),
    ...createIdRotationCommits(driver),
    ...createSigningKeyReads(driver),
    ...createSigningKeyCommits(driver),
    ...createCallerReads(driver),
    ...createCallerCommits(driver),
    alongside,
    ...createChannelReads(driver),
    ...createChannelCommits(driver),
    ...createQuietHoursReads(driver),
    ...createUsageReads(driver),
    ...createQuietHoursCommits(driver),
    ...deliveryReads,
    ...createQueryReads(driver),
    ...createPushListReads(driver),
    ...createDeliveryListReads(driver),
    ...createTimelineReads(driver, { ...registryReads, ...deliveryReads }),
    ...createReceiptReads(driver),
    ...createDeliveryCommits(driver),
    ...createJobReads(driver),
    ...createJobCommits(driver),
    ...createSweepCommits(driver),
    ...createRetentionReads(driver),
    ...createRetentionCommits(driver, limits),
    ...createWakeReads(driver),
    ...createWakePlanCommits(driver),
    ...createWakeCommits(driver),
    ...createWebhookReads(driver),
    ...createWebhookCommits(driver),
    renewEveryMs: ownership.renewEveryMs,
    holdsLease: ownership.holdsLease,
    linkKey: ownership.linkKey,
    findOwner: ownership.findOwner,
    takeOver: ownership.takeOver,
    resolveDoubt: ownership.resolveDoubt,
    release: ownership.release,
    commitNothing: () => driver.transaction(async () => {}),
    async describe() {
      const kind = driver.blocking ? 'sqlite' : 'mysql';
      const [row] = await driver.all(`SELECT ${kind === 'sqlite' ? 'sqlite_version' : 'VERSION'}() AS version`, []);
      return { kind, version: String(row?.version) };
    },
    counts: async () => ({ ended: counts, unavailable }),
    async loadHighestIds() {
      const [row] = await driver.all(
        `SELECT (SELECT MAX(id) FROM pushes) AS push, (SELECT MAX(id) FROM jobs) AS job,
           (SELECT push_id FROM cores WHERE core = ${CORE}) AS clock`,
        [],
      );
      const push = Math.max(...[row?.push, row?.job, row?.clock].map((id) => Number(id ?? 0)));
      // The numbers of deliveries grow with those of their pushes: the last push that has any has the highest, ended or
      // not.
      const [last] = await driver.all(
        'SELECT last_delivery FROM pushes WHERE id > ? AND last_delivery IS NOT NULL ORDER BY id DESC LIMIT 1',
        [push - AHEAD_MS * PER_MILLISECOND],
      );
      return { push, delivery: Number(last?.last_delivery ?? 0) };
    },
    close: () => driver.close(),
  };
  return cleaningErrors(store, (error) => {
    const cleaned = driver.cleaned(error);
    if (cleaned instanceof StoreUnavailable) unavailable++;
    return cleaned;
  });
}

/** Every method fails with cleaned errors. */
function cleaningErrors(store: Store, cleaned: SqlDriver['cleaned']): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        const failed = (error: unknown): never => {
          throw cleaned(error);
        };
        try {
          const result: unknown = Reflect.apply(method, target, args);
          return result instanceof Promise ? result.catch(failed) : result;
        } catch (error) {
          return failed(error);
        }
      };
    },
  });
}
