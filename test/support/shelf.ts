import type { PlatformFilter } from '../../core/domain/device.js';
import type { Push } from '../../core/domain/push.js';
import type { InboxRow, StoreReader, TimelineRow } from '../../core/store/store.js';
import { idOf } from './push-ids.js';

/** The topic of everyone on a shelf. */
export const EVERYONE = 1;

/**
 * What waits, in memory, with the answers of a store: in its order and with its limits. Pushes are given by number; see
 * `idOf`.
 */
export interface Shelf {
  lookUps: StoreReader;
  inbox(deviceNum: number, pushIds: readonly number[], given?: { erased?: boolean }): void;
  topic(topicNum: number, pushIds: readonly number[], given?: Partial<TimelineRow>): void;
  confirm(deviceNum: number, pushIds: readonly number[]): void;
}

export function createShelf(): Shelf {
  const inbox: InboxRow[] = [];
  const timeline: TimelineRow[] = [];
  const confirmed = new Map<number, Set<number>>();
  const erased = new Set<number>();

  const readTimelines =
    (wanted: (row: TimelineRow) => boolean): StoreReader['readTimelines'] =>
    async (topics, through, _now, limit) =>
      timeline
        .filter(wanted)
        .filter(({ topicNum, pushId }) =>
          topics.some((range) => range.topicNum === topicNum && pushId > range.after && pushId <= through),
        )
        .sort((a, b) => a.pushId - b.pushId)
        .slice(0, limit);

  const lookUps: Partial<StoreReader> = {
    readInbox: async (devices, through, _now, limit) =>
      inbox
        .filter(({ deviceNum, pushId }) =>
          devices.some((from) => from.deviceNum === deviceNum && pushId > from.after && pushId <= through),
        )
        .sort((a, b) => a.deviceNum - b.deviceNum || a.pushId - b.pushId)
        .slice(0, limit),
    readTimelines: readTimelines(() => true),
    readConfirmable: readTimelines(({ needConfirm }) => needConfirm),
    findConfirmed: async (pushIds, deviceNums) => {
      const found = new Map<number, Set<number>>();
      for (const pushId of pushIds) {
        const devices = deviceNums.filter((deviceNum) => confirmed.get(pushId)?.has(deviceNum));
        if (devices.length > 0) found.set(pushId, new Set(devices));
      }
      return found;
    },
    findPushes: async (ids) => ids.filter((id) => !erased.has(id)).map(pushOf),
    findContentSizes: async (ids) => new Map(ids.filter((id) => !erased.has(id)).map((id) => [id, 10])),
  };

  return {
    // What waits is read with these alone.
    lookUps: lookUps as StoreReader,
    inbox(deviceNum, pushIds, given = {}) {
      for (const pushId of pushIds) {
        inbox.push({ id: pushId * 1000 + deviceNum, deviceNum, pushId: idOf(pushId) });
        if (given.erased) erased.add(idOf(pushId));
      }
    },
    topic(topicNum, pushIds, given = {}) {
      const platform: PlatformFilter = 'ALL';
      for (const pushId of pushIds)
        timeline.push({ topicNum, pushId: idOf(pushId), platform, needConfirm: false, ...given });
    },
    confirm(deviceNum, pushIds) {
      for (const id of pushIds.map(idOf)) confirmed.set(id, (confirmed.get(id) ?? new Set()).add(deviceNum));
    },
  };
}

function pushOf(id: number): Push {
  return {
    id,
    appId: 'a',
    appNum: 1,
    tenantCode: '',
    platform: 'ALL',
    msgType: 'MSG',
    needConfirm: false,
    createdAt: 0,
    expiresAt: 1,
    content: { alert: String(id) },
  };
}
