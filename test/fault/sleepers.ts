import { eventually } from '../support/eventually.js';
import type { FleetDevice } from './fleet-device.js';

/** Devices that come and go at random, some in order, some by a cut. */
export interface Sleepers {
  start(): void;
  /** Nobody comes or goes any more. Resolves when none is on its way. */
  stop(): Promise<void>;
  /** Places of the devices that are away. */
  asleep(): number[];
  /** All of them come but for the fast asleep. */
  wake(): void;
  /** All of them come. */
  wakeAll(): void;
}

const TICK = 50;
/** One of so many devices is fast asleep: it is woken for all that it is sent, and for what is of unknown outcome again. */
const FAST_ASLEEP = 10;
/** Goodbyes over a line that is dead end when the line is cut. */
const GONE_WITHIN = 40_000;

/** Returns true for a device that stays away until all are to come. */
export function isFastAsleep(place: number): boolean {
  return place % FAST_ASLEEP === 0;
}

/** Returns devices that are all away. */
export function createSleepers(devices: readonly FleetDevice[]): Sleepers {
  const states: ('asleep' | 'awake' | 'leaving')[] = devices.map(() => 'asleep');
  let timer: NodeJS.Timeout | undefined;

  function connect(place: number): void {
    states[place] = 'awake';
    devices[place]?.connect();
  }

  function turn(): void {
    const place = Math.floor(Math.random() * devices.length);
    const device = devices[place];
    if (device === undefined || states[place] === 'leaving' || isFastAsleep(place)) return;
    if (states[place] === 'asleep') connect(place);
    else if (Math.random() < 0.5) {
      device.vanish();
      states[place] = 'asleep';
    } else {
      states[place] = 'leaving';
      void device.close().then(() => (states[place] = 'asleep'));
    }
  }

  const asleep = (): number[] => states.flatMap((state, place) => (state === 'asleep' ? [place] : []));

  return {
    asleep,
    start() {
      timer = setInterval(turn, TICK);
    },
    async stop() {
      clearInterval(timer);
      await eventually(() => !states.includes('leaving'), { timeoutMs: GONE_WITHIN, message: 'devices to have left' });
    },
    wake() {
      for (const place of asleep()) if (!isFastAsleep(place)) connect(place);
    },
    wakeAll() {
      for (const place of asleep()) connect(place);
    },
  };
}
