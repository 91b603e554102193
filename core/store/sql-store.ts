import { createIdClock } from '../domain/id-clock.js';
import { createAppCommits } from './app-commits.js';
import { createAudienceReads } from './audience-reads.js';
import { createDeliveryCommits } from './delivery-commits.js';
import { createDeliveryListReads } from './delivery-list-reads.js';
import { createDeliveryReads } from './delivery-reads.js';
import type { Database, SqlDriver } from './driver.js';
import { createEndedCounts, type EndedCounts } from './ended-counts.js';
import { createJobCommits } from './job-commits.js';
import { createJobReads } from './job-reads.js';
import { createQueryReads } from './query-reads.js';
import { createReceiptReads } from './receipt-reads.js';
import { createRegistryCommits } from './registry-commits.js';
import { createRegistryReads } from './registry-reads.js';
import { type Store, StoreUnavailable } from './store.js';
import { createSweepCommits } from './sweep-commits.js';
import { createTimelineReads } from './timeline-reads.js';

/**
 * The store over either dialect.
 *
 * @param core the number of the core that commits
 */
export async function openSqlStore(database: Database, core: number): Promise<Store> {
  const [row] = await database.all('SELECT MAX(seq) AS seq FROM receipts', []);
  const receiptIds = createIdClock(core, Number(row?.seq ?? 0));
  const ended = createEndedCounts(database);
  return createSqlStore({ ...database, ...ended, nextReceipt: () => receiptIds.next() }, ended);
}

function createSqlStore(driver: SqlDriver, { counts }: EndedCounts): Store {
  const registryReads = createRegistryReads(driver);
  const deliveryReads = createDeliveryReads(driver);
  let unavailable = 0;
  const store: Store = {
    ...registryReads,
    ...createAudienceReads(driver, registryReads),
    ...createRegistryCommits(driver),
    ...createAppCommits(driver),
    ...deliveryReads,
    ...createQueryReads(driver),
    ...createDeliveryListReads(driver),
    ...createTimelineReads(driver, { ...registryReads, ...deliveryReads }),
    ...createReceiptReads(driver),
    ...createDeliveryCommits(driver),
    ...createJobReads(driver),
    ...createJobCommits(driver),
    ...createSweepCommits(driver),
    ping: () => driver.ping(),
    counts: async () => ({ ended: counts, unavailable }),
    async loadHighestIds() {
      // The numbers of deliveries grow with those of their pushes: the last push that has any has the highest, ended or not.
      const [row] = await driver.all(
        `SELECT (SELECT MAX(id) FROM pushes) AS push, (SELECT MAX(id) FROM jobs) AS job,
           (SELECT MAX(push_id) FROM clocks) AS clock,
           (SELECT last_delivery FROM pushes WHERE last_delivery IS NOT NULL ORDER BY id DESC LIMIT 1) AS delivery`,
        [],
      );
      const push = Math.max(...[row?.push, row?.job, row?.clock].map((id) => Number(id ?? 0)));
      return { push, delivery: Number(row?.delivery ?? 0) };
    },
    async addCore(core) {
      await driver.transaction((tx) =>
        tx.run(`${driver.insertIgnore} INTO clocks (core, push_id) VALUES (?, 0)`, [core]),
      );
    },
    close: () => driver.close(),
  };
  return cleaningErrors(store, (error) => {
    const cleaned = driver.cleaned(error);
    if (cleaned instanceof StoreUnavailable) unavailable++;
    return cleaned;
  });
}

/** Every method rejects with cleaned errors. */
function cleaningErrors(store: Store, cleaned: SqlDriver['cleaned']): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        try {
          return await Reflect.apply(method, target, args);
        } catch (error) {
          throw cleaned(error);
        }
      };
    },
  });
}
