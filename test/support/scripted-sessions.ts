import { vi } from 'vitest';
import type { Logger } from '../../common/logs/log.js';
import type { EdgePort } from '../../core/delivery/sessions/edge-port.js';
import { createSessions, type Sessions } from '../../core/delivery/sessions/sessions.js';
import type { Subscriber } from '../../core/domain/device.js';
import type { Push } from '../../core/domain/push.js';
import type { StoreReader } from '../../core/store/store.js';
import { idOf, numberOf } from './push-ids.js';
import { turn } from './scripted-commits.js';
import { createShelf, EVERYONE, type Shelf } from './shelf.js';

/** The one device of scripted sessions. */
export const DEVICE: Subscriber = {
  num: 1,
  id: 'device',
  appNum: 1,
  platform: 'ANDROID',
  registered: true,
  generation: 1,
  memberships: [{ topicNum: EVERYONE, since: 0, until: null }],
};

/** The sessions of a core with one edge, of one device, of what waits on a shelf. */
export interface ScriptedSessions {
  sessions: Sessions;
  shelf: Shelf;
  edge: EdgePort;
  /** What the edge was told, in order. */
  told: string[];
  /** How far devices have read, as it was written. */
  advanced: [deviceNum: number, pushId: number][];
  /**
   * The edge announces a session of the device on this slot, which has received all up to the nth push before; none by
   * default. Resolves when it reads what waits.
   */
  open(slot: number, through?: number): Promise<void>;
  /** From now on nothing is committed: what has to be written first is waited for. */
  holdCommits(): void;
  /** The nth push is committed now, to the device. */
  pushed(n: number): void;
  /** Ends the reads that wait for the content of pushes, and lets all later ones go. */
  letGo(): Promise<void>;
}

/** The pushes up to the 100th are committed. */
export function scriptedSessions(): ScriptedSessions {
  const shelf = createShelf();
  const told: string[] = [];
  const advanced: [number, number][] = [];
  let flush = (): Promise<void> | undefined => undefined;
  let bound = idOf(100);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const store: Partial<StoreReader> = {
    ...shelf.lookUps,
    findSubscribers: async () => [{ ...DEVICE, appDisabled: false, seenDay: 0 }],
    findCursors: async () => new Map(),
    async findPushes(ids) {
      // What the store answers is on its way when the gate opens.
      const found = await shelf.lookUps.findPushes(ids);
      await gate;
      return found;
    },
  };
  const edge: EdgePort = {
    label: 'edge',
    deliver: (_slot, { pushId }) => told.push(`deliver ${numberOf(pushId)}`),
    publish: ({ pushId }) => told.push(`publish ${numberOf(pushId)}`),
    resume: () => told.push('resume'),
    sync: () => told.push('sync'),
    live: () => told.push('live'),
    closeSession: (_slot, { code }) => told.push(`close ${code}`),
    acknowledgeSession: (_slot, cursor) => told.push(`acknowledge ${cursor}`),
    recall: (pushId, slot) => told.push(`recall ${numberOf(pushId)}${slot === undefined ? '' : ` on ${slot}`}`),
    clear: (pushId, slot) => told.push(`clear ${numberOf(pushId)} on ${slot}`),
    release: () => told.push('release'),
    room: () => undefined,
    batchNumber: () => 1,
    acknowledged: () => ({ batch: 0, through: 0 }),
  };
  const sessions = createSessions({
    // Sessions that read use no more of it.
    store: store as StoreReader,
    cycle: {
      advanceCursor: (deviceNum, pushId) => void advanced.push([deviceNum, pushId]),
      flush: () => flush(),
      lastCommitted: () => bound,
    },
    log: { warn: vi.fn() } as unknown as Logger,
  });
  sessions.attached(edge);
  return {
    sessions,
    shelf,
    edge,
    told,
    advanced,
    holdCommits() {
      flush = () => new Promise(() => {});
    },
    async open(slot, through = 0) {
      sessions.opened(edge, {
        slot,
        deviceId: DEVICE.id,
        through: through > 0 ? idOf(through) : 0,
        accepted: through > 0 ? DEVICE : undefined,
      });
      await turn();
      await turn();
    },
    pushed(n) {
      const id = idOf(n);
      bound = Math.max(bound, id);
      // Of a push, this is used.
      const push: Partial<Push> = { id, platform: 'ALL', needConfirm: false, expiresAt: 1, content: { alert: '' } };
      const target = { kind: 'directed' as const, deliveries: [{ id, deviceNum: DEVICE.num }] };
      sessions.pushed([{ push: push as Push, target, idempotency: undefined }]);
    },
    async letGo() {
      open();
      await turn();
    },
  };
}
