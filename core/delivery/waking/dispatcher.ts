import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { createAlarm } from '../../../common/timers.js';
import type { ChannelDirectory, ChannelHost } from '../../channel/host.js';
import { isSmsChannel } from '../../domain/channel.js';
import type { Push } from '../../domain/push.js';
import type { WakeOutcome } from '../../domain/wake.js';
import type { AppChannel, DueWake, StoreReader, Wake } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { BACKGROUND_INTERVAL_MS, decide, isBackground, wakesOnline } from './arbitration.js';
import { createGatheredChanges, keyOf, nameOf } from './changes.js';
import { toTarget, toWakeMessage } from './message.js';
import { changeOf } from './outcomes.js';
import { createSmsCaps, SMS_WINDOW_MS, type SmsLimits } from './sms-caps.js';

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
    'findDueWakes' | 'nextWakeDue' | 'findPushes' | 'findBackgroundWakes' | 'findSentSms'
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
  readonly log: Logger;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Wakes of one look. */
const WAKES_PER_LOOK = 200;
/** Time that a wake may be under way: after it nobody knows what has become of it. */
const LEASE_MS = 60_000;
/** Time for which the wakes of an app and channel that takes no more are left alone; doubled up to the most. */
const HELD_MS = 200;
const MAX_HELD_MS = 5000;
/** Milliseconds between two looks at the most: the clock may step. */
const LOOK_INTERVAL_MS = 5000;
const RETRY_MS = 1000;
/** Wakes under way at a time: those of a vendor that answers nothing are among them for ten seconds each. */
const MAX_UNDER_WAY = 20_000;

/** Returns a dispatcher that is not started. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, cycle, host, directory, onlineSince, graceUntil, quietUntil, unconfirmedMs, log } = options;
  const { now = Date.now, random = Math.random } = options;
  const trouble = createTroubleLog(log, 'wakes cannot be sent now; they will be');
  const caps = createSmsCaps(options.smsLimits);
  const alarm = createAlarm();
  /** Wakes that are handed to vendors, or whose outcome is not kept yet. */
  const underWay = new Set<string>();
  const held = new Map<string, { appChannel: AppChannel; until: number }>();
  /** For how long apps and channels that have taken nothing since were held last: looking at many wakes costs. */
  const lastHeld = new Map<string, number>();
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
  let capsLoaded = false;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  function ring(): void {
    missed = true;
    alarm.ring();
  }

  /** Answers for how many milliseconds nothing is to be done. */
  async function pass(): Promise<number> {
    const time = now();
    if (!capsLoaded) {
      for (const { appNum, mobile, at } of await store.findSentSms(time - SMS_WINDOW_MS)) caps.add(appNum, mobile, at);
      capsLoaded = true;
    }
    for (const [key, { until }] of held) if (until <= time) held.delete(key);
    const looksFor = stopped || underWay.size >= MAX_UNDER_WAY ? 0 : WAKES_PER_LOOK;
    const except = [...held.values()].map(({ appChannel }) => appChannel);
    const found = looksFor === 0 ? [] : await store.findDueWakes(time, looksFor, except);
    const due = found.filter((wake) => !underWay.has(nameOf(wake)));
    const claims = await look(due, time);
    await commit(claims, time);
    if (found.length >= looksFor && due.length > 0) return 0;
    const [firstHeld] = [...held.values()].map(({ until }) => until).toSorted((a, b) => a - b);
    const next = (await store.nextWakeDue()) ?? Number.POSITIVE_INFINITY;
    // What is held is due already.
    const waits = held.size > 0 || next <= time ? (firstHeld ?? time + HELD_MS) : next;
    return Math.min(Math.max(waits - now(), 0), LOOK_INTERVAL_MS);
  }

  /** Decides about wakes; answers those that are to be sent, with their credentials. */
  async function look(due: readonly DueWake[], time: number): Promise<Map<DueWake, number>> {
    const claims = new Map<DueWake, number>();
    if (due.length === 0) return claims;
    const background = await store.findBackgroundWakes(
      due.filter(isBackground).map(({ deviceNum }) => deviceNum),
      time - BACKGROUND_INTERVAL_MS,
    );
    const quiet = await quietUntil(due, time);
    const taken = new Map<number, number>();
    for (const [index, wake] of due.entries()) {
      const credential = credentialOf(wake);
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
      if (decision.kind === 'hold') hold(wake, time);
      else if (decision.kind !== 'send') gathered.add(wake, decision);
      if (decision.kind !== 'send') continue;
      claims.set(wake, decision.credentialNum);
      lastHeld.delete(heldName(wake));
      taken.set(decision.credentialNum, (taken.get(decision.credentialNum) ?? 0) + 1);
      if (isBackground(wake)) background.set(wake.deviceNum, time);
      if (mobile !== undefined) caps.add(wake.appNum, mobile, time);
    }
    return claims;
  }

  function credentialOf({ appNum, channel, token }: DueWake): ReturnType<ChannelDirectory['credentialFor']> {
    if (isSmsChannel(channel)) {
      const credential = directory.smsCredential(appNum);
      return credential?.channel === channel ? credential : undefined;
    }
    return token && directory.credentialFor(appNum, token);
  }

  /** The credential of a wake takes no more for now. */
  function hold({ appNum, channel }: DueWake, time: number): void {
    const name = heldName({ appNum, channel });
    if (held.has(name)) return;
    const ms = Math.min(MAX_HELD_MS, 2 * (lastHeld.get(name) ?? HELD_MS / 2));
    lastHeld.set(name, ms);
    held.set(name, { appChannel: { appNum, channel }, until: time + ms });
  }

  /** Keeps what has gathered, claims and sends. What could not be kept is gathered again. */
  async function commit(claims: ReadonlyMap<DueWake, number>, time: number): Promise<void> {
    if (claims.size + gathered.size() === 0) return;
    // Before the claim: what is sent needs its content.
    const pushes = await contentsOf(claims.keys());
    const changes = gathered.take();
    const done = finished.splice(0);
    let ready: readonly Wake[];
    try {
      const keys = [...claims.keys()].map(keyOf);
      const input = { claims: keys, until: time + LEASE_MS, ...changes, now: time };
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
      gathered.add(wake, wake.doubts > 0 ? { kind: 'settle', state: 'unknown', reason: 'ONLINE' } : { kind: 'drop' });
      finished.push(name);
      ring();
      return;
    }
    claimed++;
    sending++;
    host.send(credentialNum, target, toWakeMessage(wake, push, directory.hidesContent(wake.appNum))).then((outcome) => {
      sending--;
      outcomes[outcome.kind]++;
      gathered.add(wake, changeOf(wake, outcome, now(), random()));
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
      nextLook = now() + delay;
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

function heldName({ appNum, channel }: AppChannel): string {
  return `${appNum} ${channel}`;
}
