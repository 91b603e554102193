import type { Logger } from '../../../common/logs/log.js';
import type { ChannelDirectory, ChannelHost } from '../../channel/host.js';
import type { Device } from '../../domain/device.js';
import type { NewPush, StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createDispatcher, type WakeCounts } from './dispatcher.js';
import { createDueClock } from './due-clock.js';
import { createGrace } from './grace.js';
import { createPlanner, type WakeTimes } from './planner.js';
import { createQuietUntil } from './quiet.js';
import type { SmsLimits } from './sms-caps.js';
import type { WakeTraces } from './traces.js';
import { createWalks } from './walks.js';

/** Ends of sessions, as the sessions have them. */
export type SessionEnd = 'closed' | 'dead' | 'planned' | 'lost';

/** Wakes devices that have not received what they were pushed, by their vendors' services. */
export interface Waking {
  /** Pushes are committed. */
  pushed(pushes: readonly NewPush[]): void;
  /** A device has no session any more. */
  sessionEnded(device: Pick<Device, 'num' | 'appNum'>, end: SessionEnd): void;
  /** A device has named its token, and may have had none when it was pushed to. */
  tokenSet(device: Pick<Device, 'num' | 'appNum'>): void;
  /** An app has a credential, and may have had none when it was pushed to. */
  credentialSet(): void;
  /** Begins, with what a crash may have left. */
  start(): void;
  /** Resolves when nothing is under way any more, and what has become of it is kept. */
  stop(): Promise<void>;
  /** Counts since the start. */
  counts(): WakeCounts & { readonly planned: number };
}

/** Returns the parts of waking, not started. */
export function createWaking(options: {
  store: StoreReader;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  host: Pick<ChannelHost, 'room' | 'send'>;
  directory: ChannelDirectory;
  /** The open session of a device. */
  presence: (deviceNum: number) => { readonly since: number } | undefined;
  times: WakeTimes;
  /** Milliseconds from now on in which every device may come back; absent: `graceMs`. */
  startMs?: number;
  smsLimits: SmsLimits;
  /** Undefined: wakes are not traced. */
  traces?: WakeTraces | undefined;
  /** The last push that was committed before this core began; absent: none. */
  lastPush?: number;
  log: Logger;
  now?: () => number;
}): Waking {
  const { store, presence, times } = options;
  const clock = createDueClock(options.now);
  let planned = 0;
  const isOnline = (deviceNum: number): boolean => presence(deviceNum) !== undefined;
  const isPlanned = (count: number, dueAt: number): void => {
    planned += count;
    dispatcher.due(dueAt);
  };
  const grace = createGrace({
    graceMs: times.graceMs,
    startMs: options.startMs ?? times.graceMs,
    now: options.now ?? Date.now,
  });
  const dispatcher = createDispatcher({
    quietUntil: createQuietUntil(store),
    ...options,
    clock,
    onlineSince: (deviceNum) => presence(deviceNum)?.since,
    graceUntil: grace.until,
    unconfirmedMs: times.unconfirmedMs,
  });
  const planner = createPlanner({ ...options, clock, isOnline, planned: isPlanned, walksBegun: () => walks.begun() });
  const walks = createWalks({
    ...options,
    clock,
    isOnline,
    planned: isPlanned,
    paceOf: async (pushId) => (await store.findPushes([pushId]))[0]?.content.wakesPerSecond,
  });

  return {
    pushed(pushes) {
      planner.pushed(pushes);
      if (pushes.some(({ wakeAt }) => wakeAt !== undefined)) walks.begun();
    },
    credentialSet: planner.credentialSet,
    tokenSet(device) {
      // Most that register connect then: what waits for them needs no wake.
      if (!isOnline(device.num)) planner.mayWait(device, { comesBack: true });
    },
    sessionEnded(device, end) {
      const comesBack = end === 'planned' || end === 'lost';
      if (!comesBack) grace.ended(device.num);
      else if (options.directory.hasAny(device.appNum)) grace.lost(device.num);
      planner.mayWait(device, { comesBack });
    },
    start() {
      planner.start();
      dispatcher.start();
      walks.start();
    },
    async stop() {
      await Promise.all([planner.stop(), walks.stop()]);
      await dispatcher.stop();
    },
    counts: () => ({ planned, ...dispatcher.counts() }),
  };
}
