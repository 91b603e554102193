import type { Audience, Reach } from '../../domain/audience.js';
import { type Device, matchesPlatform, type PlatformFilter } from '../../domain/device.js';
import type { Entry } from '../../registry/lookup-cache.js';
import type { Registry } from '../../registry/registry.js';
import type { AudienceBounds, StoreReader } from '../../store/store.js';
import type { Resolution } from '../writer/resolution.js';

/** To how many devices one push goes: to more it goes in parts. */
export const MAX_DEVICES = 5000;

/**
 * Finds the devices of a directed push, each once, or the topics of a topic push. Names that match nothing are no
 * error. Undefined: it is for more than `MAX_DEVICES`, or they are not found within the bounds. Hot: what is known
 * already is not waited for.
 *
 * @throws StoreUnavailable
 */
export function resolveAudience(
  registry: Registry,
  store: Pick<StoreReader, 'findAudience'>,
  appNum: number,
  reach: Reach,
  bounds?: AudienceBounds,
): Resolution | undefined | Promise<Resolution | undefined> {
  if (reach.kind !== 'names') return resolveFound(registry, store, appNum, reach, bounds);
  const { revocations } = registry;
  const snapshot = revocations.snapshot();
  const entries = namesOf(registry, appNum, reach.audience);
  const resolve = (): Resolution | undefined => {
    const deviceNums = devicesOf(entries, appNum, reach.platform);
    return deviceNums.length > MAX_DEVICES ? undefined : directed(revocations, snapshot, deviceNums);
  };
  return entries.some(({ loading }) => loading !== undefined) ? loaded(entries).then(resolve) : resolve();
}

async function resolveFound(
  registry: Registry,
  store: Pick<StoreReader, 'findAudience'>,
  appNum: number,
  reach: Reach,
  bounds: AudienceBounds | undefined,
): Promise<Resolution | undefined> {
  const size = MAX_DEVICES;
  const { resolution, more } = await resolveAudiencePage(registry, store, appNum, reach, { after: 0, size, bounds });
  return more ? undefined : resolution;
}

/** A part of an audience. */
export interface AudiencePage {
  /** The devices of this part. */
  resolution: Resolution;
  /** Up to which device it has been looked through: not less than its last. */
  after: number;
  /** Others follow, or may. */
  more: boolean;
}

/**
 * The devices of an audience by number: those after `after`, at the most `size`, as far as they are found within the
 * bounds. Topics are one page.
 *
 * @throws StoreUnavailable
 */
export async function resolveAudiencePage(
  registry: Registry,
  store: Pick<StoreReader, 'findAudience'>,
  appNum: number,
  reach: Reach,
  { after, size, bounds }: { after: number; size: number; bounds?: AudienceBounds | undefined },
): Promise<AudiencePage> {
  if (reach.kind === 'topics') return { resolution: await topics(registry, appNum, reach.tags), after, more: false };
  const snapshot = registry.revocations.snapshot();
  const { audience, platform } = reach;
  const page = await store.findAudience({ appNum, audience, platform }, after, size + 1, bounds);
  const deviceNums = page.deviceNums.slice(0, size);
  const full = page.deviceNums.length > size;
  const last = deviceNums.at(-1) ?? after;
  return {
    resolution: directed(registry.revocations, snapshot, deviceNums),
    after: full ? last : (page.through ?? last),
    more: full || page.through !== undefined,
  };
}

function namesOf(
  registry: Registry,
  appNum: number,
  audience: Audience & { kind: 'aliases' | 'devices' },
): Entry<Device | readonly Device[]>[] {
  return audience.kind === 'aliases'
    ? audience.aliases.map((alias) => registry.devicesOf(appNum, alias))
    : audience.deviceIds.map((id) => registry.device(id));
}

async function topics(registry: Registry, appNum: number, tags: readonly string[]): Promise<Resolution> {
  const { topicRemovals } = registry;
  const snapshot = topicRemovals.snapshot();
  const entries = tags.map((tag) => registry.topic(appNum, tag));
  await loaded(entries);
  const topicNums = [...new Set(entries.flatMap((entry) => entry.value ?? []))];
  // A tag without a topic had no device when the push came. One whose topic is removed meanwhile may have another by
  // now, with devices that registered before the push is committed: it is looked up again.
  const resolution: Resolution = {
    target: { kind: 'topics', topicNums },
    current: () => (topicRemovals.keep(snapshot, topicNums) === topicNums ? resolution : undefined),
  };
  return resolution;
}

/** @param snapshot from before the look-up: what is revoked from then on is left out */
function directed(revocations: Registry['revocations'], snapshot: number, deviceNums: readonly number[]): Resolution {
  const resolution: Resolution = {
    target: { kind: 'directed', deviceNums },
    current() {
      const kept = revocations.keep(snapshot, deviceNums);
      return kept === undefined || kept === deviceNums ? kept && resolution : directed(revocations, snapshot, kept);
    },
  };
  return resolution;
}

/** The devices of names, each once. */
function devicesOf(
  entries: readonly Entry<Device | readonly Device[]>[],
  appNum: number,
  platform: PlatformFilter,
): readonly number[] {
  const nums: number[] = [];
  for (const { value } of entries) {
    for (const device of devicesIn(value)) {
      if (device.appNum === appNum && device.registered && matchesPlatform(platform, device.platform))
        nums.push(device.num);
    }
  }
  // One name has each of its devices once.
  return entries.length > 1 ? [...new Set(nums)] : nums;
}

function devicesIn(value: Device | readonly Device[] | undefined): readonly Device[] {
  if (value === undefined) return [];
  return isOne(value) ? [value] : value;
}

const isOne = (value: Device | readonly Device[]): value is Device => !Array.isArray(value);

async function loaded(entries: readonly Entry<unknown>[]): Promise<void> {
  for (const entry of entries) if (entry.loading !== undefined) await entry.loading;
}
