import { type Audience, EVERYONE_TAG } from '../domain/audience.js';
import { type Device, matchesPlatform, type PlatformFilter } from '../domain/device.js';
import type { Entry } from '../registry/lookup-cache.js';
import type { Registry } from '../registry/registry.js';

/** Who a push goes to, as long as `isCurrent`. */
export interface Resolution {
  target: { kind: 'directed'; deviceNums: readonly number[] } | { kind: 'topics'; topicNums: readonly number[] };
  /** False once a registration may have changed the answer: resolve again. */
  isCurrent(): boolean;
}

/**
 * Finds the devices of a directed push, each once, or the topics of a topic push. Names that match nothing are no error.
 *
 * @throws StoreUnavailable
 */
export async function resolveAudience(
  registry: Registry,
  appNum: number,
  audience: Audience,
  platform: PlatformFilter,
): Promise<Resolution> {
  switch (audience.kind) {
    case 'aliases':
      return directed(
        audience.aliases.map((alias) => registry.devicesOf(appNum, alias)),
        appNum,
        platform,
      );
    case 'devices':
      return directed(
        audience.deviceIds.map((id) => registry.device(id)),
        appNum,
        platform,
      );
    case 'tags':
      return topics(registry, appNum, audience.tags);
    case 'everyone':
      return topics(registry, appNum, [EVERYONE_TAG]);
  }
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
