import { expect, it, vi } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import { createRetention } from '../../../../../core/delivery/upkeep/retention.js';
import { createSeenDevices } from '../../../../../core/delivery/upkeep/seen-devices.js';
import type { WriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import type { UnseenDevice } from '../../../../../core/store/store.js';

const DAY = 86_400_000;
const NOW = 1000 * DAY;
const LOG = { debug() {}, info() {}, warn: vi.fn() } as unknown as Logger;
const NONE = { nums: [], through: undefined };

/** A cycle that only writes down what it is to carry out, by the name of the command. */
function createCycle() {
  const log: [string, unknown][] = [];
  const names = ['markSeen', 'removeDevices', 'removeTopics', 'removeCursors', 'removeKeys', 'removeApp'];
  const commands = Object.fromEntries(names.map((name) => [name, name]));
  const cycle = {
    commands,
    async execute(name: string, input: unknown) {
      log.push([name, input]);
      if (name === 'removeApp') return log.length === 3;
      return Array.isArray(input) ? input.length : (Object(input).deviceNums ?? Object(input).nums)?.length;
    },
    // As far as it is used here.
  } as unknown as Pick<WriteCycle, 'execute' | 'commands'>;
  return { cycle, log };
}

function start(
  pages: Record<number, { devices: UnseenDevice[]; through: number | undefined }>,
  given: { connected?: number[]; inbox?: Map<number, number>; topics?: number[]; deleted?: number } = {},
) {
  const { cycle, log } = createCycle();
  const seen = createSeenDevices({ cycle, log: LOG, now: () => NOW });
  const ended = vi.fn(async () => NONE);
  const retention = createRetention({
    store: {
      findUnseen: async ({ after }) => pages[after] ?? { devices: [], through: undefined },
      findUnusedTopics: async () => ({ nums: given.topics ?? [], through: undefined }),
      findLooseCursors: async () => NONE,
      findEndedKeys: ended,
      findOldEntries: async () => [],
      findOldDeadLetters: async () => [],
      findDeletedApp: async (before) =>
        given.deleted !== undefined && given.deleted <= before && log.length < 3 ? { num: 8, id: 'gone' } : undefined,
      findDevicesOfApp: async () => (log.length === 0 ? [1, 2] : []),
      countInbox: async () => given.inbox ?? new Map(),
    },
    cycle,
    seen,
    isConnected: (num) => given.connected?.includes(num) ?? false,
    deviceRetentionDays: 40,
    retentionDays: 7,
    auditRetentionDays: 90,
    log: LOG,
    now: () => NOW,
    stepInterval: 0,
  });
  retention.start();
  /** Resolves when a pass has ended. */
  const passed = async (until = () => expect(ended).toHaveBeenCalled()): Promise<void> => {
    await vi.waitFor(until);
    await retention.stop();
    await seen.stop();
  };
  return { log, passed, retention, ended };
}

const old = (num: number, days = 41): UnseenDevice => ({ num, lastAt: NOW - days * DAY });

it('removes devices that were not seen for long, page by page, and counts them', async () => {
  const { log, passed, retention } = start({
    0: { devices: [old(1), old(2, 39)], through: 5 },
    5: { devices: [old(6)], through: undefined },
  });
  await passed();
  const removed = log.filter(([name]) => name === 'removeDevices');
  expect(removed).toMatchObject([
    ['removeDevices', { deviceNums: [1], seenBefore: NOW - 40 * DAY }],
    ['removeDevices', { deviceNums: [6] }],
  ]);
  expect(retention.counts()).toMatchObject({ devices: 2, topics: 0 });
});

it('notes that a device is seen that is connected, or of which it was not kept, and removes neither', async () => {
  const { log, passed } = start(
    { 0: { devices: [old(1), { num: 2, lastAt: undefined }, old(3)], through: undefined } },
    { connected: [1] },
  );
  await passed();
  expect(log).toMatchObject([
    // First: whoever has had a session meanwhile is not removed.
    ['markSeen', [1, 2]],
    ['removeDevices', { deviceNums: [3] }],
  ]);
});

it('removes fewer devices at once whose inboxes are full, and goes on behind them', async () => {
  const inbox = new Map([1, 2, 3].map((num) => [num, 4000]));
  const { log, passed } = start(
    { 0: { devices: [old(1), old(2)], through: undefined }, 1: { devices: [old(2)], through: undefined } },
    { inbox },
  );
  await passed();
  expect(log).toMatchObject([
    ['removeDevices', { deviceNums: [1] }],
    ['removeDevices', { deviceNums: [2] }],
  ]);
});

it('removes topics, and keys that ended before the retention of pushes', async () => {
  const { log, passed, ended, retention } = start({}, { topics: [4, 5] });
  await passed();
  expect(log).toEqual([['removeTopics', [4, 5]]]);
  expect(ended).toHaveBeenCalledWith(expect.objectContaining({ after: 0 }), NOW - 7 * DAY);
  expect(retention.counts()).toMatchObject({ topics: 2 });
});

it('removes an app a day after its deletion, its devices first, until it is gone', async () => {
  const early = start({}, { deleted: NOW - DAY + 1 });
  await early.passed();
  expect(early.log).toEqual([]);
  const { log, passed, retention } = start({}, { deleted: NOW - DAY });
  await passed(() => expect(retention.counts().apps).toBe(1));
  const part = { id: 'gone', appNum: 8, deletedBefore: NOW - DAY };
  expect(log).toEqual([
    ['removeApp', { ...part, deviceNums: [1, 2] }],
    ['removeApp', { ...part, deviceNums: [] }],
    ['removeApp', { ...part, deviceNums: [] }],
  ]);
});

it('notes a device once a day, and keeps what could not be committed', async () => {
  const { cycle, log } = createCycle();
  let failures = 1;
  const seen = createSeenDevices({
    cycle: {
      ...cycle,
      execute: (command, input) => (failures-- > 0 ? Promise.reject(new Error('no')) : cycle.execute(command, input)),
    },
    log: LOG,
    now: () => NOW,
  });
  seen.began({ num: 1 }, 1000);
  seen.began({ num: 2 }, 999);
  seen.began({ num: 3 }, 0);
  await expect(seen.flush()).rejects.toThrow('no');
  seen.began({ num: 2 }, 999);
  await seen.flush();
  expect(log).toEqual([['markSeen', [2, 3]]]);
});
