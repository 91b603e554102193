import type { Sweep, Swept } from '../../core/store/store.js';
import { must, type OpenStore } from './each-store.js';
import { NOW, newApp, newDevices } from './samples.js';

const DAY = 86_400_000;

/** Returns what tests of sweeps do over one store, each at a time of its own. */
export function createSweeps(opened: OpenStore) {
  let last = NOW;

  /** A time of its own for a test: whatever the tests before it left behind is gone then. */
  async function freshTime(): Promise<number> {
    last += 10 * DAY;
    await sweepAll({ now: last, removeBefore: last });
    return last;
  }

  function sweep(given: Partial<Sweep> & { now: number }): Promise<Swept> {
    return opened.store.commitSweep({ eraseFrom: 0, removeBefore: 0, ...given });
  }

  /** Sweeps until there is no more: what each set answered. */
  async function sweepAll(given: Partial<Sweep> & { now: number }): Promise<Swept[]> {
    const answers: Swept[] = [];
    for (let eraseFrom = given.eraseFrom ?? 0; answers.at(-1)?.more !== false; ) {
      const swept = await sweep({ ...given, eraseFrom });
      answers.push(swept);
      eraseFrom = swept.erasedThrough;
    }
    return answers;
  }

  async function devicesOf(count: number) {
    const app = await newApp(opened.store);
    const devices = await newDevices(opened.store, app, count);
    return { app, nums: devices.map(({ device }) => device.num), everyone: must(devices[0]?.topics[0]) };
  }

  /** Which of these pushes still have their content. */
  async function withContent(ids: readonly number[]): Promise<number[]> {
    return (await opened.store.findPushes(ids)).map(({ id }) => id).sort((a, b) => a - b);
  }

  return { freshTime, sweep, sweepAll, devicesOf, withContent };
}
