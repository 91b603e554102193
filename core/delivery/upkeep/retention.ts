import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { REMOVAL_DELAY_MS } from '../../domain/app.js';
import type { StoreReader, WalkStep } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { takeByInbox } from './inbox-portion.js';
import { createPeriodic, type Periodic } from './periodic.js';
import type { SeenDevices } from './seen-devices.js';
import { createTrustedClock } from './trusted-clock.js';

/** Kinds of what is removed when nobody needs it any more; its own metric counts each. */
const REMOVED_KINDS = ['devices', 'topics', 'cursors', 'app_keys', 'audit_log', 'dead_letters', 'apps'] as const;
/** One of `REMOVED_KINDS`. */
export type RemovedKind = (typeof REMOVED_KINDS)[number];

/**
 * Removes what nobody needs any more: goes through the tables in small steps, again and again, and writes only where it
 * finds something. What a step finds is looked at again when it is removed. A device that has a session is never
 * removed: it is noted that it is seen.
 */
export interface Retention extends Periodic {
  /** Returns the numbers of what was removed since the start, by kind. */
  counts(): Readonly<Record<RemovedKind, number>>;
}

/** Milliseconds between two steps, and between two passes. */
const STEP_INTERVAL = 1000;
const PASS_INTERVAL = 3_600_000;
/** Rows that a step looks at, and removes: on SQLite the core does nothing else meanwhile. */
const LOOKED_AT = 2000;
const LOOKED_AT_TOPICS = 500;
const REMOVED_AT_ONCE = 100;
const DAY = 86_400_000;

/** The part of a step that was done: how many it removed, and up to where it has looked; undefined: to the end. */
interface Step {
  readonly removed: number;
  readonly through: number | undefined;
}

/** Returns a pass that has not begun. */
export function createRetention(options: {
  store: Pick<
    StoreReader,
    | 'findUnseen'
    | 'findUnusedTopics'
    | 'findLooseCursors'
    | 'findEndedKeys'
    | 'findOldEntries'
    | 'findOldDeadLetters'
    | 'findDeletedApp'
    | 'findDevicesOfApp'
    | 'countInbox'
  >;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  seen: Pick<SeenDevices, 'note' | 'flush'>;
  /** Returns true if a device has a session. */
  isConnected: (deviceNum: number) => boolean;
  /** Days that a device is kept after it was seen last, or has unregistered. */
  deviceRetentionDays: number;
  /** Days that a key is kept after its end, and a dead letter, as pushes are. */
  retentionDays: number;
  /** Days that an entry of the audit log is kept. */
  auditRetentionDays: number;
  log: Logger;
  now?: () => number;
  stepInterval?: number;
}): Retention {
  const { store, cycle, seen, isConnected, log, now = createTrustedClock({ log }) } = options;
  const { commands } = cycle;
  const trouble = createTroubleLog(log, 'what nobody needs any more could not be removed; it will be');
  const removed: Record<RemovedKind, number> = {
    devices: 0,
    topics: 0,
    cursors: 0,
    app_keys: 0,
    audit_log: 0,
    dead_letters: 0,
    apps: 0,
  };

  async function removeDevices(step: WalkStep, time: number): Promise<Step> {
    const seenBefore = time - options.deviceRetentionDays * DAY;
    // Devices that are connected for long are seen each day, too.
    const { devices, through } = await store.findUnseen(step, time - DAY);
    const isSeen = ({ num, lastAt }: (typeof devices)[number]): boolean => lastAt === undefined || isConnected(num);
    seen.note(devices.filter(isSeen).map(({ num }) => num));
    const due = devices.filter((device) => !isSeen(device) && (device.lastAt ?? time) <= seenBefore);
    const some = await takeByInbox(store, due.map(({ num }) => num).slice(0, REMOVED_AT_ONCE));
    const end = some.length < due.length ? some.at(-1) : through;
    if (some.length === 0) return { removed: 0, through: end };
    // Whoever has had a session since they were found is not removed.
    await seen.flush();
    const order = { deviceNums: some, seenBefore, isConnected };
    return { removed: await cycle.execute(commands.removeDevices, order), through: end };
  }

  async function removeFound(
    { nums, through }: { nums: number[]; through: number | undefined },
    remove: (nums: number[]) => Promise<number>,
  ): Promise<Step> {
    return { removed: nums.length === 0 ? 0 : await remove(nums), through };
  }

  /** One part of the first app whose time is over: some devices, then all else. */
  async function removeApp(deletedBefore: number): Promise<Step> {
    const app = await store.findDeletedApp(deletedBefore);
    if (app === undefined) return { removed: 0, through: undefined };
    const deviceNums = await takeByInbox(store, await store.findDevicesOfApp(app.num, REMOVED_AT_ONCE));
    const { id, num: appNum } = app;
    const isGone = await cycle.execute(commands.removeApp, { id, appNum, deletedBefore, deviceNums });
    return { removed: isGone ? 1 : 0, through: 0 };
  }

  const steps: Record<RemovedKind, (after: number, time: number) => Promise<Step>> = {
    devices: (after, time) => removeDevices({ after, limit: LOOKED_AT }, time),
    topics: async (after) =>
      removeFound(await store.findUnusedTopics({ after, limit: LOOKED_AT_TOPICS }), (nums) =>
        cycle.execute(commands.removeTopics, nums),
      ),
    cursors: async (after) =>
      removeFound(await store.findLooseCursors({ after, limit: LOOKED_AT_TOPICS }), (nums) =>
        cycle.execute(commands.removeCursors, nums),
      ),
    app_keys: async (after, time) => {
      const endedBefore = time - options.retentionDays * DAY;
      return removeFound(await store.findEndedKeys({ after, limit: LOOKED_AT_TOPICS }, endedBefore), (nums) =>
        cycle.execute(commands.removeKeys, { nums, endedBefore }),
      );
    },
    audit_log: async (_, time) => {
      const nums = await store.findOldEntries(time - options.auditRetentionDays * DAY, LOOKED_AT_TOPICS);
      const through = nums.length < LOOKED_AT_TOPICS ? undefined : 0;
      return removeFound({ nums, through }, (found) => cycle.execute(commands.removeEntries, found));
    },
    dead_letters: async (_, time) => {
      const nums = await store.findOldDeadLetters(time - options.retentionDays * DAY, LOOKED_AT_TOPICS);
      const through = nums.length < LOOKED_AT_TOPICS ? undefined : 0;
      return removeFound({ nums, through }, (found) => cycle.execute(commands.removeDeadLetters, found));
    },
    apps: (_, time) => removeApp(time - REMOVAL_DELAY_MS),
  };

  let kind = 0;
  let after = 0;
  let nextPassAt = 0;

  async function step(): Promise<void> {
    if (performance.now() < nextPassAt) return;
    const current = REMOVED_KINDS[kind];
    if (current === undefined) {
      kind = 0;
      nextPassAt = performance.now() + PASS_INTERVAL;
      return;
    }
    try {
      const done = await steps[current](after, now());
      removed[current] += done.removed;
      if (done.removed > 0) log.info({ component: 'retention', kind: current, removed: done.removed }, 'removed');
      after = done.through ?? 0;
      if (done.through === undefined) kind++;
      trouble.over();
    } catch (error) {
      trouble.met(error);
    }
  }

  return { ...createPeriodic(options.stepInterval ?? STEP_INTERVAL, step), counts: () => removed };
}
