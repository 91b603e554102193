import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { createAlarm } from '../../../common/timers.js';
import type { ChannelDirectory, ChannelHost } from '../../channel/host.js';
import { type Channel, isSmsChannel, type SmsChannel } from '../../domain/channel.js';
import type { Push } from '../../domain/push.js';
import type { WakeOutcome } from '../../domain/wake.js';
import type { DueWake, StoreReader, Wake, WakeChanges, WakeLane } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { BACKGROUND_INTERVAL_MS, decide, isBackground, wakesOnline } from './arbitration.js';
import { createGatheredChanges, keyOf, nameOf, type WakeChange } from './changes.js';
import { createDueClock, type DueClock } from './due-clock.js';
import { createLaneTurns } from './lane-turns.js';
import { toTarget, toWakeMessage } from './message.js';
import { changeOf } from './outcomes.js';
import { createSmsCaps, type SmsLimits } from './sms-caps.js';
import type { WakeTraces } from './traces.js';

/**
 * Sends wakes when they are due: looks again at each, claims those that are still needed with one commit, hands them to
 * the vendors, and keeps the outcomes with the next commit.
 *
 * A wake that was handed to a vendor is handed over again only when the vendor says that it was not processed, or,
 * once, when nobody knows: after a time-out, or after a crash.
 */
export interface Dispatcher {
  /** A wake is due at this time. */
  due(at: number): void;
  /** Begins to look for wakes that are due. */
  start(): void;
  /** Resolves when the outcomes of what is under way are kept. */
  stop(): Promise<void>;
  /** Counts since the start. */
  counts(): WakeCounts;
}

/** Counts of the dispatcher. */
export interface WakeCounts {
  /** Wakes that were claimed, to be sent. */
  readonly claimed: number;
  /** Outcomes by kind. */
  readonly outcomes: Readonly<Record<WakeOutcome['kind'], number>>;
  /** Wakes that were not needed any more when they were due. */
  readonly cancelled: number;
  /** Wakes that are handed to vendors now. */
  readonly underWay: number;
}

/** The parts that the dispatcher needs. */
export interface DispatcherOptions {
  readonly store: Pick<
    StoreReader,
    'findWakeLanes' | 'findDueWakes' | 'findPushes' | 'findBackgroundWakes' | 'findSentSms'
  >;
  readonly cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  readonly host: Pick<ChannelHost, 'room' | 'send'>;
  readonly directory: ChannelDirectory;
  /** Since when the device has a session; undefined: it has none. */
  readonly onlineSince: (deviceNum: number) => number | undefined;
  /** See `Grace`. */
  readonly graceUntil: (deviceNum: number) => number | undefined;
  /** Returns the ends of the quiet hours that wakes are in, in their order; undefined: in none. */
  readonly quietUntil: (wakes: readonly DueWake[], now: number) => Promise<readonly (number | undefined)[]>;
  /** See `WakeTimes`. */
  readonly unconfirmedMs: number;
  readonly smsLimits: SmsLimits;
  readonly traces?: WakeTraces | undefined;
  readonly log: Logger;
  readonly now?: () => number;
  readonly clock?: DueClock;
  readonly random?: () => number;
}

/** Wakes of one look, shared by the lanes whose turn it is, and of one lane at the least. */
const WAKES_PER_LOOK = 200;
const WAKES_PER_LANE = 20;
/** Time that a wake may be under way: after it nobody knows what has become of it. */
const LEASE_MS = 60_000;
/** Milliseconds between two looks at the most: the clock may step. */
const LOOK_INTERVAL_MS = 5000;
const RETRY_MS = 1000;
/** Wakes under way at a time: those of a vendor that answers nothing are among them for ten seconds each. */
const MAX_UNDER_WAY = 20_000;

/** Returns a dispatcher that is not started. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, cycle, host, directory, onlineSince, graceUntil, quietUntil, unconfirmedMs, traces, log } = options;
  const { now = Date.now, clock = createDueClock(now), random = Math.random } = options;
  const trouble = createTroubleLog(log, 'wakes cannot be sent now; they will be');
  const caps = createSmsCaps(options.smsLimits, store);
  const alarm = createAlarm();
  /** Wakes that are handed to vendors, or whose outcome is not kept yet. */
  const underWay = new Set<string>();
  const turns = createLaneTurns();
  let lanes: readonly WakeLane[] = [];
  const outcomes = {
    accepted: 0,
    retry: 0,
    token_dead: 0,
    token_set_aside: 0,
    payload_bad: 0,
    channel_down: 0,
    unknown: 0,
  };
  const gathered = createGatheredChanges();
  /** The keys of what is gathered. */
  const finished: string[] = [];
  let sending = 0;
  let claimed = 0;
  let cancelled = 0;
  let nextLook = 0;
  let missed = false;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  function ring(): void {
    missed = true;
    alarm.ring();
  }

  /** Answers for how many milliseconds nothing is to be done. */
  async function pass(): Promise<number> {
    const due = stopped || underWay.size >= MAX_UNDER_WAY ? [] : await findDue();
    const time = now();
    await caps.count(due, time);
    // None of them is due any more, but those whose lanes have to wait; others may be.
    const changed = await commit(await look(due, time), time);
    if (changed || due.length > 0) return 0;
    const at = clock.now();
    return Math.min(Math.max(turns.nextAt(lanes, at) - at, 0), LOOK_INTERVAL_MS);
  }

  /** Finds wakes that are due, of the lanes whose turn it is. */
  async function findDue(): Promise<DueWake[]> {
    lanes = await store.findWakeLanes(lanes.map(({ lane }) => lane));
    const time = clock.now();
    const taken = turns.take(lanes, time);
    const each = Math.max(WAKES_PER_LANE, Math.floor(WAKES_PER_LOOK / Math.max(1, taken.length)));
    const found = taken.length === 0 ? [] : await store.findDueWakes(time, taken, each);
    return found.filter((wake) => !underWay.has(nameOf(wake)));
  }

  /** Decides about wakes; answers those that are to be sent. */
  async function look(due: readonly DueWake[], time: number): Promise<Claims> {
    const claims: Claims = { wakes: new Map(), moved: [] };
    if (due.length === 0) return claims;
    const background = await store.findBackgroundWakes(
      due.filter(isBackground).map(({ deviceNum }) => deviceNum),
      time - BACKGROUND_INTERVAL_MS,
    );
    const quiet = await quietUntil(due, time);
    const taken = new Map<number, number>();
    for (const [index, found] of due.entries()) {
      const credential = credentialOf(found);
      const wake = withChannel(found, credential?.channel);
      const mobile = isSmsChannel(wake.channel) ? (wake.device.mobile ?? '') : undefined;
      const decision = decide(wake, {
        now: time,
        onlineSince: onlineSince(wake.deviceNum),
        credential: credential && {
          num: credential.num,
          room: host.room(credential.num) - (taken.get(credential.num) ?? 0),
        },
        graceUntil: graceUntil(wake.deviceNum),
        quietUntil: quiet[index],
        lastBackground: background.get(wake.deviceNum),
        smsAllowed: mobile === undefined || caps.allows(wake.appNum, mobile, time),
        unconfirmedMs,
        random: random(),
      });
      if (decision.kind === 'settle' && decision.state === 'cancelled') cancelled++;
      if (decision.kind === 'hold') turns.hold(wake.lane, clock.at(time));
      else if (decision.kind !== 'send') keep(found, decision);
      if (decision.kind !== 'send') continue;
      claims.wakes.set(wake, decision.credentialNum);
      if (wake.channel !== found.channel) claims.moved.push({ ...keyOf(found), to: wake.channel as SmsChannel });
      turns.took(wake.lane);
      taken.set(decision.credentialNum, (taken.get(decision.credentialNum) ?? 0) + 1);
      if (isBackground(wake)) background.set(wake.deviceNum, time);
      if (mobile !== undefined) caps.add(wake.appNum, mobile, time);
    }
    return claims;
  }

  function credentialOf({ appNum, channel, token }: DueWake): ReturnType<ChannelDirectory['credentialFor']> {
    if (isSmsChannel(channel)) return directory.smsCredential(appNum);
    return token && directory.credentialFor(appNum, token);
  }

  /** Gathers a change, with its time by the clock of what is due. */
  function keep(wake: DueWake, change: WakeChange): void {
    gathered.add(wake, change.kind === 'wait' ? { ...change, dueAt: clock.at(change.dueAt) } : change);
  }

  /** Keeps what has gathered, claims and sends; false: there was nothing. What could not be kept is gathered again. */
  async function commit({ wakes: claims, moved }: Claims, time: number): Promise<boolean> {
    if (claims.size + gathered.size() === 0) return false;
    // Before the claim: what is sent needs its content.
    const pushes = await contentsOf(claims.keys());
    const changes = gathered.take();
    const done = finished.splice(0);
    let ready: readonly Wake[];
    try {
      const keys = [...claims.keys()].map(keyOf);
      const input = { claims: keys, until: clock.at(time + LEASE_MS), moved, ...changes, now: time };
      ready = await cycle.execute(cycle.commands.changeWakes, input);
    } catch (error) {
      gathered.putBack(changes);
      finished.push(...done);
      throw error;
    }
    for (const name of done) underWay.delete(name);
    const names = new Set(ready.map(nameOf));
    cancelled += claims.size - names.size;
    for (const [wake, credentialNum] of claims) {
      if (names.has(nameOf(wake))) begin(wake, credentialNum, pushes.get(wake.pushId));
    }
    return true;
  }

  async function contentsOf(wakes: Iterable<DueWake>): Promise<ReadonlyMap<number, Push>> {
    const ids = new Set([...wakes].map(({ pushId }) => pushId));
    const found = ids.size === 0 ? [] : await store.findPushes([...ids]);
    return new Map(found.map((push) => [push.id, push]));
  }

  /** Sends a wake that is claimed. */
  function begin(wake: DueWake, credentialNum: number, push: Push | undefined): void {
    const name = nameOf(wake);
    underWay.add(name);
    const target = toTarget(wake);
    // The session has come, or the content has gone, while the claim was on its way.
    const isOnline = onlineSince(wake.deviceNum) !== undefined && !wakesOnline(wake);
    if (isOnline || push === undefined || target === undefined) {
      keep(wake, wake.doubts > 0 ? { kind: 'settle', state: 'unknown', reason: 'ONLINE' } : { kind: 'drop' });
      finished.push(name);
      ring();
      return;
    }
    claimed++;
    sending++;
    const message = toWakeMessage(wake, push, directory.hidesContent(wake.appNum));
    const trace = traces?.wake(wake);
    if (trace !== undefined) message.trace = trace.headers;
    host.send(credentialNum, target, message).then((outcome) => {
      trace?.ended(outcome);
      sending--;
      outcomes[outcome.kind]++;
      keep(wake, changeOf(wake, outcome, now(), random()));
      finished.push(name);
      ring();
    });
  }

  async function run(): Promise<void> {
    while (!stopped || sending > 0 || gathered.size() > 0) {
      missed = false;
      nextLook = Number.POSITIVE_INFINITY;
      let delay = RETRY_MS;
      try {
        delay = await pass();
        if (trouble.over()) log.info('wakes can be sent again');
      } catch (error) {
        trouble.met(error);
        // Whatever the store does not keep now is of unknown outcome to who comes next.
        if (stopped) return;
      }
      if (missed || (stopped && sending === 0)) continue;
      nextLook = clock.now() + delay;
      if (delay > 0) await alarm.sleep(delay);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    due(at) {
      if (at < nextLook) ring();
    },
    start() {
      running = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
    counts: () => ({ claimed, outcomes, cancelled, underWay: sending }),
  };
}

/** Wakes that are to be sent, with their credentials, and those of them whose channel is another one now. */
interface Claims {
  readonly wakes: Map<DueWake, number>;
  readonly moved: WakeChanges['moved'][number][];
}

/** A short message goes by the vendor that the app has when it is sent. */
function withChannel(wake: DueWake, channel: Channel | undefined): DueWake {
  return channel !== undefined && isSmsChannel(wake.channel) ? { ...wake, channel } : wake;
}
