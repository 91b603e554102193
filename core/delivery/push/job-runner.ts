import { OnePushError } from '../../../common/errors.js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import { createAlarm } from '../../../common/timers.js';
import type { OpenJob } from '../../domain/job.js';
import type { Registry } from '../../registry/registry.js';
import { isTimeLimit, type StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import type { PushQuota } from './push-quota.js';
import { type AudiencePage, resolveAudiencePage } from './resolve-audience.js';

/**
 * Makes the pushes of jobs that are due, one part of a job after the other; the parts of several jobs, and of several
 * apps, take turns. What it knows is in the store, so it goes on where it stopped, and a part that was committed is not
 * made again. A job whose part fails again and again, for a cause that is its own, ends as failed.
 */
export interface JobRunner {
  /** Begins to look for jobs that are due. */
  start(): void;
  /** A job is there that is due at this time. */
  wake(dueAt: number): void;
  /** Resolves when the parts that are under way are made. */
  stop(): Promise<void>;
}

/** Devices of one part: few enough that a commit holds up nobody. */
export const PART_DEVICES = 1000;
/** Jobs of one look, of one app and in all, and how many of them are worked on at a time. */
const PER_APP = 256;
const PER_LOOK = 1024;
const AT_A_TIME = 4;
/** Milliseconds that the jobs of one look are worked on: then those of other apps may be due, whose turn is first. */
const ROUND = 500;
/**
 * Milliseconds between two looks at the most: the clock may step, and a commit that was cut off may have made a job.
 */
const LOOK_INTERVAL = 5000;
/** Milliseconds before another look when no part could be made. */
const RETRY_DELAY = 1000;
/** Milliseconds that a part looks for its devices: a tree may match few of very many. */
const PART_BOUND = 1000;
/**
 * So often in a row a part may fail, and milliseconds before it is tried again: twice as long each time, up to a
 * minute.
 */
const MAX_FAILURES = 10;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** The state of a job under way, besides what is in the store. */
interface Progress {
  /** The device behind which its next part begins: up to it none was found. */
  from: number;
  after: number;
  /** Number of times that its next part has failed, and the time at which it may be tried again. */
  failures: number;
  retryAt: number;
}

/** Returns a runner that is not started. */
export function createJobRunner(options: {
  registry: Registry;
  store: Pick<StoreReader, 'findAudience' | 'findDueJobs' | 'findOpenJob'>;
  cycle: Pick<WriteCycle, 'push' | 'execute' | 'commands'>;
  quota: Pick<PushQuota, 'delivered'>;
  log: Logger;
  now?: () => number;
}): JobRunner {
  const { registry, store, cycle, quota, log, now = Date.now } = options;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  /** Of jobs that are due. */
  const underWay = new Map<number, Progress>();
  /** Time of the next look; Infinity: one is under way, and may have missed what comes now. */
  let nextLook = Number.POSITIVE_INFINITY;
  let missed = false;
  const alarm = createAlarm();

  async function run(): Promise<void> {
    while (!stopped) {
      nextLook = Number.POSITIVE_INFINITY;
      missed = false;
      const delay = await look();
      if (!missed && !stopped && delay > 0) {
        nextLook = now() + delay;
        await alarm.sleep(delay);
      }
    }
  }

  /** Makes a part of each job that is due. Answers how many milliseconds nothing is to be done. */
  async function look(): Promise<number> {
    try {
      const { ids, next = Number.POSITIVE_INFINITY } = await store.findDueJobs(now(), PER_APP, PER_LOOK);
      const due = new Set(ids);
      for (const id of underWay.keys()) if (!due.has(id)) underWay.delete(id);
      if (ids.length === 0) return Math.min(Math.max(next - now(), 0), LOOK_INTERVAL);
      const left = ids.values();
      const end = performance.now() + ROUND;
      let made = 0;
      const work = async (): Promise<void> => {
        for (const id of left) {
          if (stopped || performance.now() >= end) return;
          if (await makePart(id)) made++;
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
      return made > 0 ? 0 : RETRY_DELAY;
    } catch (error) {
      log.warn(describeError(error), 'jobs could not be looked for; they will be again');
      return RETRY_DELAY;
    }
  }

  /**
   * Returns true if the job has got on. If not, or if that is not known, the store knows, and is asked at the next
   * look.
   */
  async function makePart(id: number): Promise<boolean> {
    if ((underWay.get(id)?.retryAt ?? 0) > now()) return false;
    try {
      const job = await store.findOpenJob(id);
      if (job === undefined) return false;
      const known = underWay.get(id);
      const begin = known?.from === job.after ? known.after : job.after;
      const { resolution, after, more } = await nextPage(job, begin);
      const { target } = resolution;
      if (more && target.kind === 'directed' && target.deviceNums.length === 0) {
        underWay.set(id, { from: job.after, after, failures: 0, retryAt: 0 });
        return true;
      }
      const pushId = await cycle.push({
        header: job.header,
        content: job.content,
        lifetime: job.expiresAt - now(),
        resolution,
        job: { id, from: job.after, after, done: !more },
      });
      if (pushId !== undefined) underWay.delete(id);
      if (pushId !== undefined && target.kind === 'directed') {
        quota.delivered(job.header.appId, target.deviceNums.length);
      }
      return pushId !== undefined;
    } catch (error) {
      if (!stopped) await failed(id, error);
      return false;
    }
  }

  async function failed(id: number, error: unknown): Promise<void> {
    const known = underWay.get(id) ?? { from: -1, after: -1, failures: 0, retryAt: 0 };
    // A store that cannot be reached, and a full queue, are no fault of the job.
    const own = !(error instanceof OnePushError) || isTimeLimit(error);
    const failures = known.failures + (own ? 1 : 0);
    const pause = own ? Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE) : 0;
    underWay.set(id, { ...known, failures, retryAt: now() + pause });
    if (failures < MAX_FAILURES) {
      log.warn({ ...describeError(error), job: id }, 'a part of a job could not be made; it will be tried again');
      return;
    }
    const reason = isTimeLimit(error)
      ? 'the devices of its audience could not be found in time'
      : 'a part of it could not be made; the log of the core says why';
    log.error({ ...describeError(error), job: id }, 'a job has failed: a part of it could not be made again and again');
    await cycle.execute(cycle.commands.fail, { id, reason }).catch((cause: unknown) => {
      log.warn({ ...describeError(cause), job: id }, 'a job could not be ended; it will be tried again');
    });
  }

  function nextPage({ appNum, reach }: OpenJob, after: number): Promise<AudiencePage> {
    const bounds = {
      withinMs: PART_BOUND,
      caller: {
        get cancelled() {
          return stopped;
        },
      },
    };
    return resolveAudiencePage(registry, store, appNum, reach, { after, size: PART_DEVICES, bounds });
  }

  return {
    start() {
      running = run();
    },
    wake(dueAt) {
      if (dueAt >= nextLook) return;
      missed = true;
      alarm.ring();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
  };
}
