import { OnePushError } from '../../common/errors.js';
import type { Audience, Reach } from '../domain/audience.js';
import { type Device, matchesPlatform, type PlatformFilter } from '../domain/device.js';
import type { Entry } from '../registry/lookup-cache.js';
import type { Registry } from '../registry/registry.js';
import type { LookUps } from '../store/store.js';

/** Who a push goes to, as long as `isCurrent`. */
export interface Resolution {
  target: { kind: 'directed'; deviceNums: readonly number[] } | { kind: 'topics'; topicNums: readonly number[] };
  /** False once a registration may have changed the answer: resolve again. */
  isCurrent(): boolean;
}

/** To how many devices a push that the store has to look for may go. */
export const MAX_FOUND = 5000;

/**
 * Finds the devices of a directed push, each once, or the topics of a topic push. Names that match nothing are no error.
 *
 * @throws StoreUnavailable; OnePushError INVALID_FIELDS if an audience that is neither names nor topics has too many devices
 */
export async function resolveAudience(
  registry: Registry,
  store: Pick<LookUps, 'findAudience'>,
  appNum: number,
  reach: Reach,
): Promise<Resolution> {
  switch (reach.kind) {
    case 'names':
      return directed(namesOf(registry, appNum, reach.audience), appNum, reach.platform);
    case 'topics':
      return topics(registry, appNum, reach.tags);
    case 'tree': {
      const areSame = registry.watchDevices();
      const deviceNums = await store.findAudience({ ...reach, appNum }, 0, MAX_FOUND + 1);
      if (deviceNums.length > MAX_FOUND) {
        const rule = `must have at most ${MAX_FOUND} devices, unless it is everyone, any of some tags, or a list of names`;
        throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'audience', rule }] });
      }
      return { target: { kind: 'directed', deviceNums }, isCurrent: () => areSame(deviceNums) };
    }
  }
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
  const entries = tags.map((tag) => registry.topic(appNum, tag));
  await loaded(entries);
  const topicNums = [...new Set(entries.flatMap((entry) => entry.value ?? []))];
  return { target: { kind: 'topics', topicNums }, isCurrent: () => areCurrent(entries) };
}

async function directed(
  entries: readonly Entry<Device | readonly Device[]>[],
  appNum: number,
  platform: PlatformFilter,
): Promise<Resolution> {
  await loaded(entries);
  const nums = new Set<number>();
  for (const device of entries.flatMap((entry) => entry.value ?? [])) {
    if (device.appNum === appNum && device.registered && matchesPlatform(platform, device.platform))
      nums.add(device.num);
  }
  return { target: { kind: 'directed', deviceNums: [...nums] }, isCurrent: () => areCurrent(entries) };
}

async function loaded(entries: readonly Entry<unknown>[]): Promise<void> {
  for (const entry of entries) if (entry.loading !== undefined) await entry.loading;
}

function areCurrent(entries: readonly Entry<unknown>[]): boolean {
  return entries.every((entry) => !entry.stale);
}
