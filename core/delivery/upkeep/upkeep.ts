import type { Logger } from '../../../common/logs/log.js';
import type { ReportReader } from '../../domain/queries.js';
import type { StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createDeliveryAudit, type DeliveryAudit } from './delivery-audit.js';
import type { InboxLimits } from './inbox-limits.js';
import type { Periodic } from './periodic.js';
import { createRetention, type Retention } from './retention.js';
import type { SeenDevices } from './seen-devices.js';
import { createSweeper } from './sweeper.js';

/** All that is done again and again for the store's sake, whoever calls. */
export interface Upkeep extends Periodic {
  /** Removes what nobody needs any more. */
  readonly retention: Pick<Retention, 'counts'>;
  /** Adds deliveries up. */
  readonly sums: Pick<DeliveryAudit, 'counts'>;
}

/** Returns upkeep that has not begun. */
export function createUpkeep(parts: {
  store: StoreReader & ReportReader;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  limits: InboxLimits;
  seen: SeenDevices;
  /** Returns true if a device has a session. */
  isConnected: (deviceNum: number) => boolean;
  config: {
    readonly retentionDays: number;
    readonly deviceRetentionDays: number;
    readonly auditRetentionDays: number;
    /** Seconds. */
    readonly sumCheckInterval: number;
  };
  log: Logger;
}): Upkeep {
  const { store, config, seen, log } = parts;
  const retention = createRetention({ ...parts, ...config });
  const sums = createDeliveryAudit({ store, interval: config.sumCheckInterval * 1000, log });
  const all = [createSweeper({ ...parts, retentionDays: config.retentionDays }), retention, seen, sums];
  return {
    retention,
    sums,
    start() {
      for (const each of all) each.start();
    },
    async stop() {
      for (const each of all) await each.stop();
    },
  };
}
