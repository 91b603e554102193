import { OnePushError } from '../../../common/errors.js';
import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { PER_MILLISECOND } from '../../../common/push-id.js';
import { createAlarm } from '../../../common/timers.js';
import type { ChannelDirectory } from '../../channel/host.js';
import type { Device } from '../../domain/device.js';
import { firstIdAt } from '../../domain/id-clock.js';
import type { NewPush, WakePlan, WakeRecovery } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createDueClock, type DueClock } from './due-clock.js';

/**
 * Plans wakes: of what is committed for devices without a session, of what waits for a device whose session has ended,
 * and of what a session has not confirmed in time. A device that is online has no rows.
 *
 * Nothing is lost with the process: what a crash, or a store that could not be reached, has kept from being planned is
 * found by going through the inboxes once.
 */
export interface Planner {
  /** Pushes are committed. Hot: looks at each push, and at devices only later. */
  pushed(pushes: readonly NewPush[]): void;
  /** A device has no session, and may have something to be woken for. `comesBack`: it is likely to come by itself. */
  mayWait(device: Pick<Device, 'num' | 'appNum'>, given: { comesBack: boolean }): void;
  /** An app has a credential, and may have had none when it was pushed to. */
  credentialSet(): void;
  /** Goes through the inboxes, and plans from then on. */
  start(): void;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** The times of waking, in milliseconds. */
export interface WakeTimes {
  /** Before a message that a session has not confirmed wakes its device all the same. */
  readonly unconfirmedMs: number;
  /** After a planned end of sessions, or a loss of them, at the least; at the most twice as long. */
  readonly graceMs: number;
  /** Before a short message. */
  readonly smsMs: number;
}

/** The parts that the planner needs. */
export interface PlannerOptions {
  readonly cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  readonly directory: ChannelDirectory;
  /** Returns true if the device has a session. */
  readonly isOnline: (deviceNum: number) => boolean;
  readonly times: WakeTimes;
  /** Told of wakes that are planned, and of when the first of them is due. */
  readonly planned: (count: number, dueAt: number) => void;
  /** Told when topic pushes are to be walked again. */
  readonly walksBegun?: () => void;
  /** The last push that was committed before this core began; absent: none. */
  readonly lastPush?: number;
  readonly log: Logger;
  readonly now?: () => number;
  readonly clock?: DueClock;
  readonly monotonic?: () => number;
}

/** Beyond so many pushes and devices that wait to be planned, all inboxes are gone through instead. */
const MAX_WAITING = 20_000;
/** Pushes that are to be looked at later; what is due of more of them is kept by the store. */
const MAX_LATER = 20_000;
/** Pushes that are looked at, and devices that are planned for, by one plan. */
const PUSHES_AT_ONCE = 200;
const DEVICES_AT_ONCE = 2000;
/** Deliveries of a page of recovery, and topic pushes. */
const RECOVERY_PAGE = 2000;
const WALKS_PAGE = 500;
/** Maximum number of apps that recovery names in a statement. */
const MAX_NAMED_APPS = 500;
/**
 * Topic pushes of the ten minutes before a trouble began are walked again: what sessions had received of older ones was
 * kept. In ids of pushes.
 */
const WALK_AGAIN = 600_000 * PER_MILLISECOND;
const RETRY_MS = 1000;
/** Milliseconds between two looks at the most: the clock may step. */
const LOOK_INTERVAL_MS = 5000;

/** A push that is to be looked at later, whatever sessions there are. */
interface Later {
  /** By a clock that nobody sets back: those that are behind it must not wait for it. */
  readonly at: number;
  readonly pushId: number;
  readonly appNum: number;
}

/** Returns a planner that is not started. */
export function createPlanner(options: PlannerOptions): Planner {
  const { cycle, directory, isOnline, times, planned, log, now = Date.now } = options;
  const { clock = createDueClock(now), monotonic = () => performance.now() } = options;
  const trouble = createTroubleLog(log, 'wakes cannot be planned now; they will be');
  const alarm = createAlarm();
  const fresh: NewPush[] = [];
  /** Devices whose sessions have ended, and whether they may come back soon. */
  const ended = new Map<number, { comesBack: boolean }>();
  /** Plans of devices that have come to an end of a page, or to none. */
  const unread: WakePlan[] = [];
  /** In the order of their times. */
  const unconfirmed: Later[] = [];
  const sms: Later[] = [];
  /** The place to which recovery has come; undefined: it is done. */
  let recovering: Pick<WakeRecovery, 'part' | 'after'> | undefined;
  /** Something was left out since that began. */
  let recoversAgain = false;
  /** A push before the first of which something may have been left out. */
  let recoversFrom = Number.POSITIVE_INFINITY;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  function isFull(): boolean {
    if (fresh.length + ended.size < MAX_WAITING) return false;
    recover();
    return true;
  }

  /** Goes through all; once more when it is at it, so that under a flood it still comes to their end. */
  function recover(from = firstIdAt(now())): void {
    recoversFrom = Math.min(recoversFrom, from);
    if (recovering === undefined) beginRecovery();
    else recoversAgain = true;
  }

  function beginRecovery(): void {
    recoversAgain = false;
    // Inboxes first: what is pushed meanwhile is not to be found there, and to get their grace.
    recovering = { part: 'inboxes', after: 0 };
  }

  /** The place of a push in a list for later. */
  function laterOf({ id: pushId, appNum, createdAt }: NewPush['push'], delayMs: number): Later {
    return { at: monotonic() + Math.min(delayMs, createdAt + delayMs - now()), pushId, appNum };
  }

  /** The plan of a push that a session has not confirmed, or has had no answer by then. */
  function planOf(later: Omit<Later, 'at'>, wallTime: number, kind: 'wake' | 'sms'): WakePlan[] {
    const { pushId, appNum } = later;
    const dueAt = clock.at(Math.max(wallTime, now()));
    const plan = { scope: { kind: 'push', pushId }, dueAt, spreadMs: 0, now: now() } as const;
    if (kind === 'wake') return [plan];
    const channel = directory.smsCredential(appNum)?.channel;
    if (channel?.startsWith('SMS_') !== true) return [];
    // A channel for short messages, as its name says. It goes by the one that there is when it is due.
    return [{ ...plan, sms: channel as NonNullable<WakePlan['sms']> }];
  }

  /** The plans of what has gathered, and of what is due by now. */
  function takePlans(): WakePlan[] {
    const [time, dueAt] = [now(), clock.now()];
    const plans = unread.splice(0, 1);
    const ids: number[] = [];
    for (const { push, target } of fresh.splice(0, PUSHES_AT_ONCE)) {
      if (target.kind !== 'directed') continue;
      const offline = target.deliveries.filter(({ deviceNum }) => push.wake === 'ALWAYS' || !isOnline(deviceNum));
      const { createdAt, content } = push;
      const pace = content.wakesPerSecond;
      const own = offline.map(({ id }) => id);
      if (pace === undefined) ids.push(...own);
      else if (own.length > 0) {
        const spreadMs = Math.ceil((own.length * 1000) / pace);
        plans.push({ scope: { kind: 'deliveries', ids: own }, dueAt, spreadMs, now: time });
      }
      if (push.needConfirm && offline.length < target.deliveries.length) {
        const later = laterOf(push, times.unconfirmedMs);
        if (unconfirmed.length < MAX_LATER) unconfirmed.push(later);
        else plans.push(...planOf(later, createdAt + times.unconfirmedMs, 'wake'));
      }
      if (content.smsMessage !== undefined && directory.smsCredential(push.appNum) !== undefined) {
        const later = laterOf(push, times.smsMs);
        if (sms.length < MAX_LATER) sms.push(later);
        else plans.push(...planOf(later, createdAt + times.smsMs, 'sms'));
      }
    }
    if (ids.length > 0) plans.push({ scope: { kind: 'deliveries', ids }, dueAt, spreadMs: 0, now: time });
    for (const later of takeDue(unconfirmed)) plans.push(...planOf(later, time, 'wake'));
    for (const later of takeDue(sms)) plans.push(...planOf(later, time, 'sms'));
    for (const comesBack of [false, true]) plans.push(...plansOfEnded(comesBack));
    return plans;
  }

  function takeDue(later: Later[]): Later[] {
    const time = monotonic();
    const end = later.findIndex(({ at }) => at > time);
    return later.splice(0, Math.min(PUSHES_AT_ONCE, end < 0 ? later.length : end));
  }

  function plansOfEnded(comesBack: boolean): WakePlan[] {
    const deviceNums: number[] = [];
    for (const [deviceNum, device] of ended) {
      if (device.comesBack !== comesBack || deviceNums.length >= DEVICES_AT_ONCE) continue;
      ended.delete(deviceNum);
      // It has come back already.
      if (!isOnline(deviceNum)) deviceNums.push(deviceNum);
    }
    if (deviceNums.length === 0) return [];
    const when = comesBack ? afterGrace() : { dueAt: clock.now(), spreadMs: 0 };
    return [{ scope: { kind: 'devices', deviceNums }, ...when, now: now() }];
  }

  function afterGrace(): Pick<WakePlan, 'dueAt' | 'spreadMs'> {
    return { dueAt: clock.now() + times.graceMs, spreadMs: times.graceMs };
  }

  async function carryOut(plans: readonly WakePlan[]): Promise<void> {
    const made = await Promise.all(plans.map((plan) => cycle.execute(cycle.commands.planWakes, plan)));
    for (const [index, plan] of plans.entries()) {
      const { planned: count = 0, through } = made[index] ?? {};
      if (count > 0) planned(count, plan.dueAt);
      if (through !== undefined && plan.scope.kind === 'devices') {
        unread.push({ ...plan, scope: { ...plan.scope, after: through } });
      }
    }
  }

  async function recoverPage({ part, after }: Pick<WakeRecovery, 'part' | 'after'>): Promise<void> {
    if (directory.isEmpty()) {
      // The first credential begins it anew.
      recovering = undefined;
      recoversAgain = false;
      return;
    }
    const [time, limit] = [now(), part === 'walks' ? WALKS_PAGE : RECOVERY_PAGE];
    const when = afterGrace();
    const apps = directory.apps();
    // With so many, most that waits is theirs.
    const appNums = apps.length > MAX_NAMED_APPS ? undefined : apps;
    const page = await cycle.execute(cycle.commands.recoverWakes, { part, appNums, after, limit, ...when, now: time });
    if (page.planned > 0) planned(page.planned, when.dueAt);
    // By rows: they may be many, and those that there are already are planned only once.
    await carryOut(page.smsPushes.flatMap(({ createdAt, ...push }) => planOf(push, createdAt + times.smsMs, 'sms')));
    if (part === 'walks') options.walksBegun?.();
    if (page.through !== undefined) recovering = { part, after: page.through };
    else if (part === 'inboxes') recovering = { part: 'walks', after: Math.max(0, recoversFrom - WALK_AGAIN) };
    else if (recoversAgain) beginRecovery();
    else {
      recovering = undefined;
      recoversFrom = Number.POSITIVE_INFINITY;
    }
  }

  async function step(): Promise<boolean> {
    const plans = takePlans();
    try {
      await carryOut(plans);
      if (recovering !== undefined) await recoverPage(recovering);
      else if (plans.length === 0) return false;
      if (trouble.over()) log.info('wakes can be planned again');
    } catch (error) {
      trouble.met(error);
      // Whatever was in these plans is in the inboxes; how far devices had read their topics is not.
      unread.push(...plans.filter(({ scope }) => scope.kind === 'devices'));
      recover();
      if (!stopped) await alarm.sleep(error instanceof OnePushError ? RETRY_MS : RETRY_MS * 10);
    }
    return true;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      if (await step()) continue;
      const next = Math.min(unconfirmed[0]?.at ?? Number.POSITIVE_INFINITY, sms[0]?.at ?? Number.POSITIVE_INFINITY);
      if (fresh.length + ended.size > 0 || stopped) continue;
      await alarm.sleep(Math.min(Math.max(Math.ceil(next - monotonic()), 0), LOOK_INTERVAL_MS));
    }
  }

  return {
    pushed(pushes) {
      for (const made of pushes) {
        const { appNum, wake } = made.push;
        if (!directory.hasAny(appNum) || wake === 'NEVER' || made.target.kind === 'topics' || isFull()) continue;
        fresh.push(made);
      }
      if (fresh.length > 0) alarm.ring();
    },
    mayWait({ num, appNum }, given) {
      if (!directory.hasAny(appNum) || isFull()) return;
      ended.set(num, given);
      alarm.ring();
    },
    credentialSet() {
      recover();
      alarm.ring();
    },
    start() {
      recover(Math.min(options.lastPush ?? 0, firstIdAt(now())));
      running = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
  };
}
