import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { EdgePort } from '../../core/delivery/edge-port.js';
import { createSessions, type Sessions } from '../../core/delivery/sessions.js';
import type { Subscriber } from '../../core/domain/device.js';
import type { Push } from '../../core/domain/push.js';
import type { LookUps, NewPush } from '../../core/store/store.js';
import { idOf, numberOf } from '../support/push-ids.js';
import { turn } from '../support/scripted-commits.js';
import { createShelf, EVERYONE, type Shelf } from '../support/shelf.js';

const DEVICE: Subscriber = {
  num: 1,
  id: 'device',
  appNum: 1,
  platform: 'ANDROID',
  registered: true,
  generation: 1,
  memberships: [{ topicNum: EVERYONE, since: 0, until: null }],
};
let shelf: Shelf;
/** What the edge was told, in order. */
let told: string[];
let edge: EdgePort;
let sessions: Sessions;
let bound: number;
/** Ends the reads that wait for the content of pushes. */
let letGo: () => void;

beforeEach(() => {
  shelf = createShelf();
  told = [];
  bound = idOf(100);
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const store: Partial<LookUps> = {
    ...shelf.lookUps,
    findSubscribers: async () => [{ ...DEVICE, appDisabled: false }],
    findCursors: async () => new Map(),
    async findPushes(ids) {
      // What the store answers is on its way when the gate opens.
      const found = await shelf.lookUps.findPushes(ids);
      await gate;
      return found;
    },
  };
  edge = {
    edgeId: 'edge',
    deliver: (_slot, { pushId }) => told.push(`deliver ${numberOf(pushId)}`),
    publish: ({ pushId }) => told.push(`publish ${numberOf(pushId)}`),
    resume: () => told.push('resume'),
    sync: () => told.push('sync'),
    live: () => told.push('live'),
    closeSession: (_slot, { code }) => told.push(`close ${code}`),
    recall: (pushId, slot) => told.push(`recall ${numberOf(pushId)}${slot === undefined ? '' : ` on ${slot}`}`),
    release: () => told.push('release'),
    room: () => undefined,
    batchNumber: () => 1,
    processed: () => ({ batch: 0, through: 0 }),
  };
  sessions = createSessions({
    store: store as LookUps,
    cycle: { read: vi.fn(), settle: () => undefined, lastCommitted: () => bound },
    log: { warn: vi.fn() } as unknown as Logger,
  });
  sessions.attached(edge);
});

/** The nth push is committed now, to device 1. */
function pushed(n: number): void {
  const id = idOf(n);
  bound = id;
  const push: Partial<Push> = { id, platform: 'ALL', needConfirm: false, expiresAt: 1, content: { alert: '' } };
  const target = { kind: 'directed' as const, deliveries: [{ id, deviceNum: 1 }] };
  sessions.pushed([{ push: push as Push, target } satisfies NewPush]);
}

describe('a session that reads what waited', () => {
  it('gets what is committed meanwhile after it, once', async () => {
    shelf.inbox(1, [1, 2]);
    sessions.opened(edge, { slot: 1, deviceId: 'device', through: 0, accepted: undefined });
    await turn();
    await turn();
    pushed(101);
    letGo();
    await turn();
    pushed(102);
    expect(told).toEqual(['resume', 'deliver 1', 'deliver 2', 'deliver 101', 'live', 'deliver 102']);
  });

  it('does not get what is recalled while it reads, whether it waited or came meanwhile', async () => {
    shelf.inbox(1, [1, 2, 3]);
    sessions.opened(edge, { slot: 1, deviceId: 'device', through: 0, accepted: undefined });
    await turn();
    await turn();
    pushed(101);
    pushed(102);
    sessions.recalled(idOf(101));
    sessions.recalled(idOf(3));
    letGo();
    await turn();
    expect(told.filter((what) => !what.startsWith('recall'))).toEqual([
      'resume',
      'deliver 1',
      'deliver 2',
      'deliver 102',
      'live',
    ]);
  });

  it('gets nothing when it has changed hands while it reads', async () => {
    shelf.inbox(1, [1]);
    sessions.opened(edge, { slot: 1, deviceId: 'device', through: 0, accepted: undefined });
    await turn();
    await turn();
    sessions.unregistered({ ...DEVICE, registered: false, generation: 2 });
    letGo();
    await turn();
    expect(told).toEqual(['close 4410']);
  });

  it('reads again what did not fit into what is held for it', async () => {
    shelf.inbox(1, [1]);
    sessions.opened(edge, { slot: 1, deviceId: 'device', through: 0, accepted: undefined });
    await turn();
    await turn();
    for (let id = 101; id <= 400; id++) pushed(id);
    letGo();
    await turn();
    expect(told).toEqual(['resume', 'deliver 1', 'sync']);
    told.length = 0;
    shelf.inbox(
      1,
      Array.from({ length: 300 }, (_, index) => 101 + index),
    );
    sessions.drained(edge, 1, 1, idOf(1));
    await turn();
    expect(told.slice(1, 3)).toEqual(['deliver 101', 'deliver 102']);
    sessions.drained(edge, 1, 2, idOf(300));
    await turn();
    const delivered = told.filter((what) => what.startsWith('deliver')).map((what) => Number(what.slice(8)));
    expect(delivered).toEqual(Array.from({ length: 300 }, (_, index) => 101 + index));
    expect(told.at(-1)).toBe('live');
  });
});
