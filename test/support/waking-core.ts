import type { Logger } from '../../common/logs/log.js';
import type { ChannelDirectory, ChannelHost } from '../../core/channel/host.js';
import { createCommitEffects } from '../../core/delivery/commit-effects.js';
import { createWaking, type Waking } from '../../core/delivery/waking/waking.js';
import { createWriteCycle, type WriteCycle } from '../../core/delivery/writer/write-cycle.js';
import type { SmsChannel } from '../../core/domain/channel.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../core/domain/wake.js';
import { CORE } from '../../core/store/sql/fence.js';
import type { Store } from '../../core/store/store.js';

/** A wake that a vendor was handed. */
export interface SentWake {
  credentialNum: number;
  target: WakeTarget;
  message: WakeMessage;
}

/** Times of a rig, short enough that a test need not wait, in milliseconds. */
const TIMES = { unconfirmedMs: 60, graceMs: 60, smsMs: 60 };
const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

/** Settings of a core. */
export interface GivenWaking {
  times?: Partial<typeof TIMES>;
  smsLimits?: object;
  startMs?: number;
}

/** All that is around a core and its store: vendors, sessions, credentials and the clock. */
export interface World {
  /** The app has a credential, as far as the core knows. */
  hasCredential: boolean;
  /** Number of wakes that the vendors take now. */
  room: number;
  /** The same of one credential: 1 of production, 2 of short messages, 3 of the sandbox. */
  readonly rooms: Map<number, number>;
  /** The vendor of short messages. */
  smsChannel: SmsChannel;
  /** Milliseconds by which the wall clock is ahead. */
  clockAheadMs: number;
  /** Devices that have a session, with its beginning. */
  readonly online: Map<number, number>;
}

/** Begins a core that knows what is in its store, and hands wakes to vendors by `send`. */
export async function beginCore(
  store: Store,
  world: World,
  send: (wake: SentWake) => Promise<WakeOutcome>,
  given: GivenWaking,
): Promise<{ cycle: WriteCycle; waking: Waking }> {
  const highest = await store.loadHighestIds();
  const host: Pick<ChannelHost, 'room' | 'send'> = {
    room: (num) => world.rooms.get(num) ?? world.room,
    send: (credentialNum, target, message) => send({ credentialNum, target, message }),
  };
  const directory: ChannelDirectory = {
    hasAny: () => world.hasCredential,
    isEmpty: () => !world.hasCredential,
    // So many that recovery looks at all.
    apps: () => Array.from({ length: 1000 }, (_, index) => index + 1),
    credentialFor: (_, { environment }) => ({ num: environment === 'SANDBOX' ? 3 : 1, channel: 'APNS' }),
    smsCredential: () => ({ num: 2, channel: world.smsChannel }),
    hidesContent: () => false,
  };
  const nothing = { pushed() {} };
  const cycle: WriteCycle = createWriteCycle({
    store,
    pushIds: createIdClock(CORE, highest.push),
    deliveryIds: createIdClock(CORE, highest.delivery),
    wakes: directory.hasAny,
    settleWithin: 0,
    onCommit: createCommitEffects({
      admins: { added() {}, removed() {} },
      registry: { registered() {}, unregistered() {}, rotated() {}, appChanged() {}, topicsRemoved() {} },
      openApps: { refresh() {} },
      sessions: {
        ...nothing,
        recalled() {},
        withdrawn() {},
        cleared() {},
        registered() {},
        unregistered() {},
        rotated() {},
      },
      limits: nothing,
      metrics: { ...nothing, recalled() {} },
      jobs: { wake() {} },
      webhooks: { set() {}, removed() {}, replayed() {}, appChanged() {} },
      channels: {
        set() {
          world.hasCredential = true;
        },
        removed() {},
        setHidesContent() {},
      },
      get waking() {
        return waking;
      },
    }),
    fenced() {},
    log: LOG,
  });
  const waking = createWaking({
    store,
    cycle,
    host,
    directory,
    presence(deviceNum) {
      const since = world.online.get(deviceNum);
      return since === undefined ? undefined : { since };
    },
    times: { ...TIMES, ...given.times },
    startMs: given.startMs ?? 0,
    smsLimits: { numberDaily: 10, appHourly: 100, ...given.smsLimits },
    lastPush: highest.push,
    now: () => Date.now() + world.clockAheadMs,
    log: LOG,
  });
  waking.start();
  return { cycle, waking };
}
