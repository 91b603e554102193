import { OnePushError } from '../../../common/errors.js';
import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { createAlarm } from '../../../common/timers.js';
import type { ChannelDirectory } from '../../channel/host.js';
import type { Device } from '../../domain/device.js';
import { firstIdAt } from '../../domain/id-clock.js';
import type { NewPush, WakePlan } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';

/** Ends of sessions, as the sessions have them. */
export type SessionEnd = 'closed' | 'dead' | 'planned' | 'lost';

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
  /** A device has no session any more. */
  sessionEnded(device: Pick<Device, 'num' | 'appNum'>, end: SessionEnd): void;
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
  readonly log: Logger;
  readonly now?: () => number;
}

/** Beyond so many pushes and devices that wait to be planned, all inboxes are gone through instead. */
const MAX_WAITING = 20_000;
/** Pushes that are to be looked at later; what is due of more of them is kept by the store. */
const MAX_LATER = 20_000;
/** Pushes that are looked at, and devices that are planned for, by one plan. */
const PUSHES_AT_ONCE = 200;
const DEVICES_AT_ONCE = 2000;
/** Deliveries of a page of recovery. */
const RECOVERY_PAGE = 2000;
/** Topic pushes of the last ten minutes are walked again: what sessions had received of older ones was kept. */
const WALK_AGAIN_MS = 600_000;
const RETRY_MS = 1000;
/** Milliseconds between two looks at the most: the clock may step. */
const LOOK_INTERVAL_MS = 5000;

/** A push that is to be looked at later, whatever sessions there are. */
interface Later {
  readonly at: number;
  readonly pushId: number;
  readonly appNum: number;
}

/** Returns a planner that is not started. */
export function createPlanner(options: PlannerOptions): Planner {
  const { cycle, directory, isOnline, times, planned, log, now = Date.now } = options;
  const trouble = createTroubleLog(log, 'wakes cannot be planned now; they will be');
  const alarm = createAlarm();
  const fresh: NewPush[] = [];
  /** Devices whose sessions have ended, and whether they may come back soon. */
  const ended = new Map<number, { grace: boolean }>();
  /** In the order of their times. */
  const unconfirmed: Later[] = [];
  const sms: Later[] = [];
  /** The delivery up to which inboxes have been gone through; undefined: that is done. */
  let recovering: number | undefined;
  /** Something was left out since that began. */
  let recoversAgain = false;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  function isFull(): boolean {
    if (fresh.length + ended.size < MAX_WAITING) return false;
    recover();
    return true;
  }

  /** Goes through the inboxes; once more when it is at it, so that under a flood it still comes to their end. */
  function recover(): void {
    if (recovering === undefined) recovering = 0;
    else recoversAgain = true;
  }

  /** The plan of a push that a session has not confirmed, or has had no answer by then. */
  function planOf({ at, pushId, appNum }: Later, kind: 'wake' | 'sms'): WakePlan[] {
    const plan = { scope: { kind: 'push', pushId }, dueAt: Math.max(at, now()), spreadMs: 0, now: now() } as const;
    if (kind === 'wake') return [plan];
    const channel = directory.smsCredential(appNum)?.channel;
    if (channel?.startsWith('SMS_') !== true) return [];
    // A channel for short messages, as its name says.
    return [{ ...plan, sms: channel as NonNullable<WakePlan['sms']> }];
  }

  /** The plans of what has gathered, and of what is due by now. */
  function takePlans(): WakePlan[] {
    const time = now();
    const plans: WakePlan[] = [];
    const ids: number[] = [];
    for (const { push, target } of fresh.splice(0, PUSHES_AT_ONCE)) {
      if (target.kind !== 'directed') continue;
      const offline = target.deliveries.filter(({ deviceNum }) => push.wake === 'ALWAYS' || !isOnline(deviceNum));
      const { id: pushId, appNum, createdAt, content } = push;
      const pace = content.wakesPerSecond;
      const own = offline.map(({ id }) => id);
      if (pace === undefined) ids.push(...own);
      else if (own.length > 0) {
        const spreadMs = Math.ceil((own.length * 1000) / pace);
        plans.push({ scope: { kind: 'deliveries', ids: own }, dueAt: time, spreadMs, now: time });
      }
      if (push.needConfirm && offline.length < target.deliveries.length) {
        const later = { at: createdAt + times.unconfirmedMs, pushId, appNum };
        if (unconfirmed.length < MAX_LATER) unconfirmed.push(later);
        else plans.push(...planOf(later, 'wake'));
      }
      if (content.smsMessage !== undefined && directory.smsCredential(appNum) !== undefined) {
        const later = { at: createdAt + times.smsMs, pushId, appNum };
        if (sms.length < MAX_LATER) sms.push(later);
        else plans.push(...planOf(later, 'sms'));
      }
    }
    if (ids.length > 0) plans.push({ scope: { kind: 'deliveries', ids }, dueAt: time, spreadMs: 0, now: time });
    const due = (later: Later[]): Later[] => {
      const end = later.findIndex(({ at }) => at > time);
      return later.splice(0, Math.min(PUSHES_AT_ONCE, end < 0 ? later.length : end));
    };
    for (const later of due(unconfirmed)) plans.push(...planOf(later, 'wake'));
    for (const later of due(sms)) plans.push(...planOf(later, 'sms'));
    for (const grace of [false, true]) {
      const deviceNums: number[] = [];
      for (const [deviceNum, device] of ended) {
        if (device.grace !== grace || deviceNums.length >= DEVICES_AT_ONCE) continue;
        ended.delete(deviceNum);
        // It has come back already.
        if (!isOnline(deviceNum)) deviceNums.push(deviceNum);
      }
      if (deviceNums.length === 0) continue;
      plans.push({
        scope: { kind: 'devices', deviceNums },
        ...(grace ? afterGrace(time) : { dueAt: time, spreadMs: 0 }),
        now: time,
      });
    }
    return plans;
  }

  function afterGrace(time: number): Pick<WakePlan, 'dueAt' | 'spreadMs'> {
    return { dueAt: time + times.graceMs, spreadMs: times.graceMs };
  }

  async function carryOut(plans: readonly WakePlan[]): Promise<void> {
    const counts = await Promise.all(plans.map((plan) => cycle.execute(cycle.commands.planWakes, plan)));
    for (const [index, { dueAt }] of plans.entries()) {
      const count = counts[index] ?? 0;
      if (count > 0) planned(count, dueAt);
    }
  }

  async function recoverPage(after: number): Promise<void> {
    if (directory.isEmpty()) {
      // The first credential begins it anew.
      recovering = undefined;
      recoversAgain = false;
      return;
    }
    const time = now();
    const page = await cycle.execute(cycle.commands.recoverWakes, {
      after,
      limit: RECOVERY_PAGE,
      walkAfter: firstIdAt(time - WALK_AGAIN_MS),
      ...afterGrace(time),
      now: time,
    });
    if (page.planned > 0) planned(page.planned, time + times.graceMs);
    // By rows: they may be many, and those that there are already are planned only once.
    await carryOut(
      page.smsPushes.flatMap(({ pushId, appNum, createdAt }) =>
        planOf({ at: createdAt + times.smsMs, pushId, appNum }, 'sms'),
      ),
    );
    recovering = page.through;
    if (recovering !== undefined || !recoversAgain) return;
    recoversAgain = false;
    recovering = 0;
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
      // Whatever was in these plans is in the inboxes.
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
      await alarm.sleep(Math.min(Math.max(next - now(), 0), LOOK_INTERVAL_MS));
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
    sessionEnded({ num, appNum }, end) {
      if (!directory.hasAny(appNum) || isFull()) return;
      ended.set(num, { grace: end === 'planned' || end === 'lost' });
      alarm.ring();
    },
    credentialSet() {
      recover();
      alarm.ring();
    },
    start() {
      recovering = 0;
      running = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
  };
}
