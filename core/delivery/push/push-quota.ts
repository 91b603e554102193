import { createBatcher } from '../../../common/batcher.js';
import type { OnePushError } from '../../../common/errors.js';
import type { AppRate } from '../../../common/limits/names.js';
import type { AppLimits, LimitedApp } from '../../registry/app-limits.js';
import type { Registry } from '../../registry/registry.js';
import type { IdempotencyKey, StoreReader } from '../../store/store.js';

/** The rates of sends and deliveries, as pushes take from them before they are accepted. */
export interface PushQuota {
  /** Returns the share of a push, with nothing taken yet. */
  begin(app: LimitedApp, idempotency: IdempotencyKey | undefined): PushShare;
  /** Returns the maximum number of open jobs of an app; 0: any. */
  maxOpenJobs(app: LimitedApp): number;
  /** Returns the error for a job that an app has no room for. */
  refuseJob(app: LimitedApp): OnePushError;
  /** A part of an app's job has reached so many devices: what is accepted is made, and owed afterwards. */
  delivered(appId: string, devices: number): void;
}

/** The part of its app's rates that one push takes. */
export interface PushShare {
  /**
   * Takes from a rate. Where none is left, a push whose idempotency key is known takes nothing: it was accepted before,
   * and is only to be answered again.
   *
   * @throws OnePushError LIMIT_REACHED, in this turn or in the promise
   */
  take(rate: PushRate, amount: number): void | Promise<void>;
  /** Gives all back: the push is not accepted, or was before. */
  giveBack(): void;
}

/** Milliseconds after which to try again when an app has as many open jobs as it may. */
const FULL_RETRY_MS = 5000;
/** Keys of one look-up. */
const KEYS_PER_LOOK_UP = 500;

type QuotaLimits = Pick<AppLimits, 'limitOf' | 'isSpent' | 'take' | 'charge' | 'refuse'>;
type PushRate = Extract<AppRate, 'sends' | 'deliveries'>;

interface LookUp {
  key: string;
  resolve(isKnown: boolean): void;
  reject(error: unknown): void;
}

/** Returns the quota of limits. Asks the store only about pushes with a key that are over one. */
export function createPushQuota(options: {
  limits: QuotaLimits;
  registry: Pick<Registry, 'getApp'>;
  store: Pick<StoreReader, 'findIdempotent'>;
}): PushQuota {
  const { limits, registry, store } = options;
  const lookUps = createBatcher<LookUp>(KEYS_PER_LOOK_UP, async (batch) => {
    try {
      const keys = [...new Set(batch.map(({ key }) => key))];
      const known = await store.findIdempotent(keys, Date.now());
      for (const { key, resolve } of batch) resolve(known.has(key));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  });
  const isKnown = (key: string): Promise<boolean> =>
    new Promise((resolve, reject) => lookUps.add({ key, resolve, reject }));

  async function charge(appId: string, devices: number): Promise<void> {
    limits.charge(await registry.getApp(appId), 'deliveries', devices);
  }

  return {
    maxOpenJobs: (app) => limits.limitOf(app, 'openJobs'),
    refuseJob: (app) => limits.refuse(app, 'openJobs', FULL_RETRY_MS),
    delivered(appId, devices) {
      // An app that cannot be looked up now owes nothing.
      charge(appId, devices).catch(() => {});
    },
    begin: (app, idempotency) => new Share(limits, isKnown, app, idempotency),
  };
}

/** Hot: one for each push, so it has no closures. */
class Share implements PushShare {
  private sends = 0;
  private deliveries = 0;
  private isFree = false;

  constructor(
    private readonly limits: QuotaLimits,
    private readonly isKnown: (key: string) => Promise<boolean>,
    private readonly app: LimitedApp,
    private readonly idempotency: IdempotencyKey | undefined,
  ) {}

  take(rate: PushRate, amount: number): void | Promise<void> {
    if (this.isFree) return undefined;
    if (this.idempotency === undefined || !this.limits.isSpent(this.app, rate)) return this.spend(rate, amount);
    return this.isKnown(this.idempotency.key).then((known) => {
      this.isFree = known;
      if (!known) this.spend(rate, amount);
    });
  }

  giveBack(): void {
    if (this.sends > 0) this.limits.charge(this.app, 'sends', -this.sends);
    if (this.deliveries > 0) this.limits.charge(this.app, 'deliveries', -this.deliveries);
    this.sends = 0;
    this.deliveries = 0;
  }

  private spend(rate: PushRate, amount: number): void {
    this.limits.take(this.app, rate, amount);
    this[rate] = amount;
  }
}
