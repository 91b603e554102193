import { OnePushError } from '../../common/errors.js';
import { type Push, toFrame } from '../domain/push.js';
import type { ReportReader, TimelineEntry } from '../domain/queries.js';
import type { StoreReader, Subscribed } from '../store/store.js';

/** A page of what a device was sent. */
export interface HistoryRequest {
  /** The device's public id. */
  deviceId: string;
  /** Only messages with smaller ids; 0: from the newest on. */
  before: number;
  /** Maximum number of messages. */
  limit: number;
  /** Age that they have at the most, in hours. */
  hours: number;
}

/** Messages of a device, newest first. */
export interface HistoryPage {
  /** JSON of each, as the device gets it, with its `time`. */
  messages: string[];
  /** The id before which it goes on; 0: there is no more. */
  before: number;
}

/**
 * Reads what a device was sent, in the registration that it has now: nothing that it got for a user of before. Pushes
 * to devices and to topics, as far as their content is kept; those that were recalled, replaced, evicted or have
 * expired are left out. Changes nothing.
 *
 * @throws OnePushError UNKNOWN_DEVICE, APP_DISABLED
 */
export type ReadHistory = (request: HistoryRequest) => Promise<HistoryPage>;

const HOUR_MS = 3_600_000;
/** Bounds of one page: pages of the store that it reads, and bytes of content; one message may have more. */
const MAX_READS = 5;
const MAX_BYTES = 512 * 1024;
const SHOWN: ReadonlySet<TimelineEntry['state']> = new Set([undefined, 'delivered', 'confirmed', 'cleared']);

/** Returns a reader over a store. */
export function createReadHistory(
  store: Pick<StoreReader, 'findSubscribers' | 'findContentSizes' | 'findPushes'> & Pick<ReportReader, 'readTimeline'>,
  now: () => number = Date.now,
): ReadHistory {
  async function findDevice(deviceId: string): Promise<Subscribed> {
    const [device] = await store.findSubscribers([deviceId]);
    if (device === undefined || !device.registered) throw new OnePushError('UNKNOWN_DEVICE');
    if (device.appDisabled) throw new OnePushError('APP_DISABLED');
    return device;
  }

  /** The ids of the messages, and where to go on. */
  async function findIds({ deviceId, before, limit, hours }: HistoryRequest): Promise<{ ids: number[]; next: number }> {
    const time = now();
    const ids: number[] = [];
    let bytes = 0;
    let next = before === 0 ? Number.MAX_SAFE_INTEGER : before;
    for (let reads = 0; reads < MAX_READS && next > 0 && ids.length < limit; reads++) {
      const place = { pushId: next, deviceNum: 0 };
      const page = await store.readTimeline({ deviceIds: [deviceId], ofUser: true }, place, limit - ids.length);
      const recent = page.entries.filter(({ createdAt }) => createdAt > time - hours * HOUR_MS);
      const shown = recent.filter(({ state, expiresAt }) => SHOWN.has(state) && expiresAt > time);
      const sizes = await store.findContentSizes(shown.map(({ pushId }) => pushId));
      for (const { pushId } of shown) {
        const size = sizes.get(pushId);
        if (size === undefined) continue;
        bytes += size;
        if (bytes > MAX_BYTES && ids.length > 0) return { ids, next: ids.at(-1) ?? 0 };
        ids.push(pushId);
      }
      // What follows is older.
      next = recent.length < page.entries.length ? 0 : (page.next?.pushId ?? 0);
    }
    return { ids, next };
  }

  return async function read(request) {
    const device = await findDevice(request.deviceId);
    const { ids, next } = await findIds(request);
    const found = await store.findPushes(ids);
    // Another user's by now: what was read is not for whoever has the device.
    if ((await findDevice(request.deviceId)).generation !== device.generation) return read(request);
    const pushes = new Map(found.map((push) => [push.id, push]));
    const messages = ids.flatMap((id) => toMessage(pushes.get(id), device));
    return { messages, before: next };
  };
}

/** The message with its time; nothing where its content is erased by now. */
function toMessage(push: Push | undefined, { platform }: Subscribed): string[] {
  if (push === undefined) return [];
  return [`${toFrame(push, platform).slice(0, -1)},"time":"${new Date(push.createdAt).toISOString()}"}`];
}
