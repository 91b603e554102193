import { create } from '@bufbuild/protobuf';
import type { AppLimitName, OwnLimits } from '../../../common/limits/names.js';
import { shareWork } from '../../../common/shared-work.js';
import {
  GetUsageResponseSchema,
  LimitUsageSchema,
  SetAppLimitsResponseSchema,
  type AppLimits as WireLimits,
} from '../../../gen/onepush/v1/limit_pb.js';
import { appOf, ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** Names of limits on the wire. */
const WIRE_NAMES: Readonly<Record<AppLimitName, keyof Omit<WireLimits, '$typeName' | '$unknown'>>> = {
  registrations: 'registrationsPerSecond',
  sends: 'sendsPerSecond',
  deliveries: 'deliveriesPerSecond',
  sendStreams: 'sendStreams',
  receiptStreams: 'receiptStreams',
  devices: 'devices',
  tags: 'tags',
  openJobs: 'openJobs',
};

/** Milliseconds between two counts of what an app has, and apps of which is remembered when. */
const COUNT_EVERY_MS = 1000;
const MAX_COUNTED = 1000;

type Counts = Record<'devices' | 'tags' | 'openJobs', number>;

/** The methods about limits. */
export function createUsageHandlers({
  registry,
  cycle,
  limits,
  queries,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'limits' | 'queries'>): Pick<
  PushCoreHandlers,
  'setAppLimits' | 'getUsage'
> {
  /** Counting costs more than asking: who asks often shares what is counted. */
  const counting = new Map<number, () => Promise<Counts>>();

  function countsOf(appNum: number): Promise<Counts> {
    const known = counting.get(appNum);
    if (known !== undefined) return known();
    const [oldest] = counting.keys();
    if (counting.size >= MAX_COUNTED && oldest !== undefined) counting.delete(oldest);
    const counts = shareWork(async () => {
      const devices = await queries.countDevices(appNum);
      return { devices, tags: await queries.countTags(appNum), openJobs: await queries.countOpenJobs(appNum) };
    }, COUNT_EVERY_MS);
    counting.set(appNum, counts);
    return counts();
  }

  return {
    async setAppLimits({ id, limits: given }, { trail }) {
      await registry.getApp(id);
      const update = { id, name: undefined, registration: undefined, limits: toOwnLimits(given) };
      await cycle.execute(cycle.commands.updateApp, update, trail.entry({ appId: id }));
      return create(SetAppLimitsResponseSchema);
    },

    async getUsage({ id }, { caller }) {
      const app = id === '' ? appOf(caller) : await ownedApp(registry, caller, id);
      const counts: Partial<Record<AppLimitName, number>> = await countsOf(app.num);
      return create(GetUsageResponseSchema, {
        limits: limits.usageOf(app).map(({ name, limit, isOwn, used, refused }) =>
          create(LimitUsageSchema, {
            name: `app.${name}`,
            limit,
            own: isOwn,
            used: used ?? counts[name] ?? 0,
            refusedLastHour: refused,
          }),
        ),
      });
    },
  };
}

function toOwnLimits(given: WireLimits | undefined): OwnLimits {
  const own: Partial<Record<AppLimitName, number>> = {};
  if (given === undefined) return own;
  for (const [name, wireName] of Object.entries(WIRE_NAMES)) {
    const value = given[wireName];
    // Object.entries forgets that its keys are those of the object.
    if (value !== undefined) own[name as AppLimitName] = value;
  }
  return own;
}
