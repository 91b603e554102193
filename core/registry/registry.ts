import { OnePushError } from '../../common/errors.js';
import { findSecret } from '../../common/secrets.js';
import type { App, AppKey } from '../domain/app.js';
import type { Device } from '../domain/device.js';
import type { Registered, RemovedTopic, Rotated, StoreReader } from '../store/store.js';
import { createDeviceRevocations, type DeviceRevocations } from './device-revocations.js';
import { createLookupCache, type Entry } from './lookup-cache.js';

/** Apps, devices and topics, cached; told of every change by `registered` and `unregistered`. */
export interface Registry {
  /** @throws OnePushError UNKNOWN_APP */
  getApp(id: string): Promise<App>;
  /** @throws OnePushError UNKNOWN_APP, or APP_DISABLED */
  getEnabledApp(id: string): Promise<App>;
  /**
   * Returns an app and the key that was shown.
   *
   * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, or APP_DISABLED
   */
  authenticate(appId: string, key: string): Promise<{ app: App; key: AppKey }>;
  /**
   * Returns an app and a key that was shown before, by its number.
   *
   * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY if it does not work any more, or APP_DISABLED
   */
  authenticateKey(appId: string, keyNum: number): Promise<{ app: App; key: AppKey }>;
  /** The registered devices of a user. */
  devicesOf(appNum: number, alias: string): Entry<readonly Device[]>;
  /** A device by its public id; it may have unregistered. */
  device(id: string): Entry<Device>;
  /**
   * The timeline of a tag; a tag without devices and pushes has none. It is the tag's until it is among
   * `topicRemovals`.
   */
  topic(appNum: number, tag: string): Entry<number>;
  /** Revocations of devices, for pushes that have looked devices up and are not committed yet. */
  readonly revocations: Pick<DeviceRevocations, 'snapshot' | 'keep'>;
  /** Topics that were removed, for pushes that have looked tags up and are not committed yet. */
  readonly topicRemovals: Pick<DeviceRevocations, 'snapshot' | 'keep'>;
  /** Forgets topics that are gone. */
  topicsRemoved(topics: readonly RemovedTopic[]): void;
  /** Forgets what another id of a device has changed. */
  rotated(rotated: Rotated): void;
  /** Forgets what is cached of an app. */
  appChanged(id: string): void;
  /** Forgets what a registration has changed. */
  registered(result: Registered, appNum: number, tags: readonly string[]): void;
  /** Forgets what an unregistration has changed. */
  unregistered(device: Device & { alias: string }): void;
  /** Returns how often each cache had what was asked for, and had not. */
  cacheCounts(): Record<'apps' | 'aliases' | 'devices' | 'topics', { hits: number; misses: number }>;
}

type RegistryLookUps = Pick<StoreReader, 'findApps' | 'findDevicesByAlias' | 'findDevicesById' | 'findTopics'>;

const MAX_APPS = 10_000;
const MAX_ALIASES = 200_000;
const MAX_DEVICES = 50_000;
const MAX_TOPICS = 50_000;

/** Returns a registry with nothing cached. */
export function createRegistry(store: RegistryLookUps, now: () => number = Date.now): Registry {
  const apps = createLookupCache<App>(
    MAX_APPS,
    async (ids) => new Map((await store.findApps(ids)).map((app) => [app.id, app])),
  );
  const aliases = createLookupCache<Device[]>(MAX_ALIASES, async (keys) => {
    const found = new Map<string, Device[]>();
    for (const { alias, ...device } of await store.findDevicesByAlias(
      keys.map((key) => ({ appNum: scopeOf(key), alias: nameOf(key) })),
    )) {
      const key = scoped(device.appNum, alias);
      const known = found.get(key);
      if (known === undefined) found.set(key, [device]);
      else known.push(device);
    }
    return found;
  });
  const devices = createLookupCache<Device>(
    MAX_DEVICES,
    async (ids) => new Map((await store.findDevicesById(ids)).map((device) => [device.id, device])),
  );
  const revocations = createDeviceRevocations();
  const topicRemovals = createDeviceRevocations();
  const topics = createLookupCache<number>(MAX_TOPICS, async (keys) => {
    const pairs = keys.map((key) => ({ appNum: scopeOf(key), tag: nameOf(key) }));
    return new Map((await store.findTopics(pairs)).map((topic) => [scoped(topic.appNum, topic.tag), topic.num]));
  });

  async function getApp(id: string): Promise<App> {
    const entry = apps.get(id);
    if (entry.loading !== undefined) await entry.loading;
    if (entry.value === undefined) throw new OnePushError('UNKNOWN_APP');
    return entry.value;
  }

  async function withKey(
    appId: string,
    find: (keys: readonly AppKey[]) => AppKey | undefined,
  ): Promise<{ app: App; key: AppKey }> {
    const app = await getApp(appId);
    // Looked at each time: a key expires while its app is cached.
    const key = find(app.keys.filter(({ expiresAt }) => expiresAt === null || expiresAt > now()));
    if (key === undefined) throw new OnePushError('WRONG_APP_KEY');
    return { app: enabled(app), key };
  }

  return {
    getApp,
    getEnabledApp: async (id) => enabled(await getApp(id)),
    authenticate: (appId, key) => withKey(appId, (keys) => findSecret(key, keys)),
    authenticateKey: (appId, keyNum) => withKey(appId, (keys) => keys.find(({ num }) => num === keyNum)),
    devicesOf: (appNum, alias) => aliases.get(scoped(appNum, alias)),
    device: (id) => devices.get(id),
    topic: (appNum, tag) => topics.get(scoped(appNum, tag)),
    revocations,
    topicRemovals,
    topicsRemoved(removed) {
      for (const { num, appNum, tag } of removed) {
        topicRemovals.add(num);
        topics.invalidate(scoped(appNum, tag));
      }
    },
    appChanged: (id) => apps.invalidate(id),
    registered({ device, alias, previousAlias, startedAfresh, unchanged }, appNum, tags) {
      if (startedAfresh) revocations.add(device.num);
      if (!unchanged) {
        devices.invalidate(device.id);
        aliases.invalidate(scoped(appNum, alias));
        if (previousAlias !== undefined) aliases.invalidate(scoped(appNum, previousAlias));
      }
      for (const tag of tags) topics.invalidateAbsent(scoped(appNum, tag));
    },
    unregistered(device) {
      revocations.add(device.num);
      devices.invalidate(device.id);
      aliases.invalidate(scoped(device.appNum, device.alias));
    },
    rotated({ device, previousId }) {
      devices.invalidate(previousId);
      // Asked for before it was anybody's, it may be known as nobody's.
      devices.invalidate(device.id);
      aliases.invalidate(scoped(device.appNum, device.alias));
    },
    cacheCounts: () => ({
      apps: apps.counts(),
      aliases: aliases.counts(),
      devices: devices.counts(),
      topics: topics.counts(),
    }),
  };
}

function enabled(app: App): App {
  if (app.disabled) throw new OnePushError('APP_DISABLED');
  return app;
}

/** A name within an app, as one key. */
function scoped(appNum: number, name: string): string {
  return `${appNum}:${name}`;
}

function scopeOf(key: string): number {
  return Number(key.slice(0, key.indexOf(':')));
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}
