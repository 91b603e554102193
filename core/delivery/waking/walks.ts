import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { createAlarm } from '../../../common/timers.js';
import type { StoreReader, Walk } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createDueClock, type DueClock } from './due-clock.js';

/**
 * Wakes the devices of topic pushes, page by page, those of each lane by themselves: the next page when few of the
 * lane's earlier wakes wait, and not faster than the push says. What it knows is in the store, so it goes on where it
 * stopped. Ends with the push: by its expiry, a recall, or a newer push in its place.
 */
export interface Walks {
  /** A walk is there that is due now. */
  begun(): void;
  /** Begins to look for walks that are due. */
  start(): void;
  /** Resolves when the page that is under way is committed. */
  stop(): Promise<void>;
}

/** Devices that a page looks at. */
const PAGE = 500;
/** Wakes of a lane that may wait when another page is made. */
const MAX_WAITING = 1000;
const WALKS_PER_LOOK = 16;
/** Milliseconds before another look where the vendors have not kept up. */
const PAUSE_MS = 250;
const RETRY_MS = 1000;
/** Milliseconds between two looks at the most: the clock may step, and a commit that was cut off may have made one. */
const LOOK_INTERVAL_MS = 5000;

/** Returns walks that are not started. */
export function createWalks(options: {
  store: Pick<StoreReader, 'findDueWalks' | 'findTokenLanes' | 'findWalkPage' | 'countDueWakes'>;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  isOnline: (deviceNum: number) => boolean;
  /** Told of wakes that are due. */
  planned: (count: number, dueAt: number) => void;
  /** Number of devices that a push wakes a second at the most; undefined: as many as the vendors take. */
  paceOf: (pushId: number) => Promise<number | undefined>;
  log: Logger;
  now?: () => number;
  clock?: DueClock;
}): Walks {
  const { store, cycle, isOnline, planned, paceOf, log, now = Date.now, clock = createDueClock(now) } = options;
  const trouble = createTroubleLog(log, 'walks cannot go on now; they will');
  const alarm = createAlarm();
  let missed = false;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  /** Answers for how many milliseconds nothing is to be done. */
  async function look(): Promise<number> {
    /** Lanes whose earlier wakes are to go first: however many walks they have, others have their turn. */
    const full = new Set<number>();
    for (;;) {
      const { walks, next = Number.POSITIVE_INFINITY } = await store.findDueWalks(clock.now(), WALKS_PER_LOOK, [
        ...full,
      ]);
      if (walks.length === 0 && full.size === 0) return Math.min(Math.max(next - clock.now(), 0), LOOK_INTERVAL_MS);
      let made = 0;
      for (const walk of walks) {
        if (stopped) return 0;
        if (walk.lane !== undefined && full.has(walk.lane)) continue;
        if (!(await prepare(walk, now())) || walk.lane === undefined || (await step(walk, walk.lane))) made++;
        else full.add(walk.lane);
      }
      if (made > 0) return 0;
      if (walks.length < WALKS_PER_LOOK) return PAUSE_MS;
    }
  }

  /** Ends a walk whose push wakes nobody any more, and divides one that has no lanes. */
  async function prepare({ pushId, appNum, expiresAt, wake, lane }: Walk, time: number): Promise<boolean> {
    if (expiresAt <= time || wake === 'NEVER') {
      const end = { pushId, appNum, lane: undefined, devices: [], through: undefined };
      await cycle.execute(cycle.commands.walk, { ...end, nextAt: time, dueAt: time, now: time });
      return false;
    }
    if (lane !== undefined) return true;
    const lanes = await store.findTokenLanes(appNum);
    await cycle.execute(cycle.commands.divideWalk, { pushId, appNum, lanes });
    return false;
  }

  /** Returns false if the lane's earlier wakes are to go first. */
  async function step(walk: Walk, lane: number): Promise<boolean> {
    const [time, dueAt] = [now(), clock.now()];
    if ((await store.countDueWakes(lane, dueAt, MAX_WAITING)) >= MAX_WAITING) return false;
    const { pushId, appNum, lanes } = walk;
    const pace = await paceOf(pushId);
    // All of its lanes together keep to it.
    const own = pace === undefined ? undefined : pace / Math.max(1, lanes);
    const page = await store.findWalkPage(walk, Math.min(PAGE, Math.max(1, Math.floor(own ?? PAGE))));
    const devices = page.devices.filter(({ deviceNum }) => walk.wake === 'ALWAYS' || !isOnline(deviceNum));
    const nextAt = dueAt + (own === undefined ? 0 : Math.ceil((devices.length * 1000) / own));
    const made = { pushId, appNum, lane, devices, through: page.through, nextAt, dueAt, now: time };
    const count = await cycle.execute(cycle.commands.walk, made);
    if (count > 0) planned(count, dueAt);
    return true;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      missed = false;
      let delay = RETRY_MS;
      try {
        delay = await look();
        if (trouble.over()) log.info('walks go on again');
      } catch (error) {
        trouble.met(error);
      }
      if (missed || stopped) continue;
      if (delay > 0) await alarm.sleep(delay);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    begun() {
      missed = true;
      alarm.ring();
    },
    start() {
      running = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
  };
}
