import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { FleetDevice } from './fleet-device.js';
import type { Misdelivery } from './ledger.js';
import type { Rig } from './rig.js';

/** The part of a rig that is looked at. */
export type Watched = Pick<Rig, 'devices' | 'load' | 'population'>;

/** An accepted push that a device it was for has not got. */
export interface Missing {
  pushId: number;
  place: number;
  needConfirm: boolean;
}

/** Looks at what was accepted and what came. */
export interface Checker {
  /** Waits until nothing is missing, as long as anything comes. Resolves with what is missing then. */
  settle(): Promise<Missing[]>;
  /** What is missing and needs no confirmation: what devices threw away unread, and was not sent again. */
  unread(): number;
  /** How many messages are on devices that they were not for. */
  leaked(): number;
  /** Has every device connect anew, and resolves when all are connected and have got what waited for them. */
  reconnectAll(): Promise<void>;
  /** Misdeliveries of all devices so far. */
  misdeliveries(): Misdelivery[];
}

/** Without any arrival for so long, in milliseconds, nothing more is expected. */
const SILENCE = 10_000;
const RECONNECTED_WITHIN = 30_000;

export function createChecker(rig: Watched): Checker {
  const { devices, load } = rig;

  function missing(): Missing[] {
    const found: Missing[] = [];
    for (const [pushId, { members, needConfirm }] of load.tally.accepted) {
      for (const place of members) {
        if (devices[place]?.ledger.has(pushId)) continue;
        found.push({ pushId, place, needConfirm });
      }
    }
    return found;
  }

  return {
    unread: () => missing().filter(({ needConfirm }) => !needConfirm).length,
    leaked() {
      let count = 0;
      for (const [pushId, { members }] of load.tally.accepted) {
        const own = new Set(members);
        for (const [place, { ledger }] of devices.entries()) if (!own.has(place) && ledger.has(pushId)) count++;
      }
      return count;
    },
    async settle() {
      let left = missing();
      let arrivals = countOf(devices);
      for (let since = performance.now(); left.length > 0 && performance.now() - since < SILENCE; ) {
        await sleep(50);
        left = left.filter(({ pushId, place }) => !devices[place]?.ledger.has(pushId));
        if (countOf(devices) === arrivals) continue;
        arrivals = countOf(devices);
        since = performance.now();
      }
      return left;
    },
    async reconnectAll() {
      await Promise.all(devices.map((device) => device.close()));
      for (const device of devices) device.connect();
      await eventually(() => devices.every((device) => device.isOpen()), { timeoutMs: RECONNECTED_WITHIN });
      await reachEveryone(rig, RECONNECTED_WITHIN);
    },
    misdeliveries: () => devices.flatMap(({ ledger }) => ledger.misdeliveries),
  };
}

function countOf(devices: readonly FleetDevice[]): number {
  return devices.reduce((sum, { ledger }) => sum + ledger.count(), 0);
}

/** Sends a push to everyone, again and again until it is accepted, and resolves when all devices have it. */
export async function reachEveryone({ load, population, devices }: Watched, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await load.send({ ...population.everyone, needConfirm: false });
    if (answer.kind === 'accepted') {
      const { pushId } = answer;
      const everyone = (): boolean => devices.every(({ ledger }) => ledger.has(pushId));
      await eventually(everyone, { timeoutMs, message: `push ${pushId} to reach everyone` });
      return;
    }
    if (performance.now() > deadline) throw new Error(`no push was accepted within ${timeoutMs} ms`);
    await sleep(50);
  }
}
