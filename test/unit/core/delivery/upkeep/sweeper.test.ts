import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import type { Periodic } from '../../../../../core/delivery/upkeep/periodic.js';
import { createSweeper } from '../../../../../core/delivery/upkeep/sweeper.js';
import type { Sweep, Swept } from '../../../../../core/store/store.js';

const START = 1_800_000_000_000;
const MINUTE = 60_000;
const warn = vi.fn();

let now: number;
let sweeps: Sweep[];
let answers: Swept[];
/** Inboxes that are over their limit. */
let full: { deviceNum: number; keep: number }[];
/** Evictions that are under way, and the most that were at once. */
let evicting: number;
let mostEvicting: number;
let isDue: boolean;
let sweeper: Periodic;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  now = START;
  sweeps = [];
  answers = [];
  isDue = true;
  full = [];
  evicting = 0;
  mostEvicting = 0;
  const cycle = {
    execute: async (kind: string, sweep: Sweep): Promise<Swept | number> => {
      if (kind === 'evict') {
        mostEvicting = Math.max(mostEvicting, ++evicting);
        await new Promise((resolve) => setImmediate(resolve));
        evicting--;
        return 1;
      }
      sweeps.push(sweep);
      return answers.shift() ?? { expired: 0, erasedThrough: sweep.now, more: false };
    },
    commands: { sweep: 'sweep', evict: 'evict' },
  };
  sweeper = createSweeper({
    store: { mayBeSwept: async () => isDue },
    // Of the cycle it uses what this one has.
    cycle: cycle as unknown as Parameters<typeof createSweeper>[0]['cycle'],
    limits: { findFull: async () => full.splice(0) } as unknown as Parameters<typeof createSweeper>[0]['limits'],
    retentionDays: 7,
    log: { info: vi.fn(), warn } as unknown as Logger,
    now: () => now,
  });
  sweeper.start();
});
afterEach(async () => {
  await sweeper.stop();
  vi.useRealTimers();
});

/** Where the steps of the look at this time begin. */
async function lookAt(time: number): Promise<number[]> {
  now = time;
  sweeps.length = 0;
  await vi.advanceTimersByTimeAsync(1000);
  return sweeps.map(({ eraseFrom }) => eraseFrom);
}

it('the sweeper goes through everything first, step by step, and then looks at little again', async () => {
  answers = [{ expired: 1, erasedThrough: 50, more: true }];
  expect(await lookAt(START)).toEqual([0, 50]);
  expect(await lookAt(START + 1000)).toEqual([START - 5000]);
  expect(await lookAt(START + MINUTE)).toEqual([START + 1000 - 120_000]);
  expect(await lookAt(START + MINUTE + 1000)).toEqual([START + MINUTE - 5000]);
});

it('the sweeper misses nothing that expires while a clock that was ahead comes to where it was', async () => {
  let before = START + 60 * MINUTE;
  await lookAt(before);
  for (const minutes of [1, 2, 59, 60, 61]) {
    const time = START + minutes * MINUTE;
    const [from = Number.NaN] = await lookAt(time);
    expect(from, `minute ${minutes}`).toBeLessThan(Math.min(before, time));
    before = time;
  }
});

it('the sweeper brings very many inboxes under their limit without filling the queue of changes', async () => {
  full = Array.from({ length: 1234 }, (_, index) => ({ deviceNum: index + 1, keep: 10 }));
  await lookAt(START);
  await vi.waitFor(() => expect(warn).toHaveBeenCalledWith({ deliveries: 1234, devices: 1234 }, expect.anything()));
  expect(mostEvicting).toBeLessThanOrEqual(50);
});

it('the sweeper commits nothing while there is nothing to sweep, but for a look once a minute', async () => {
  isDue = false;
  expect(await lookAt(START)).toEqual([0]);
  for (const seconds of [1, 2, 59]) expect(await lookAt(START + seconds * 1000)).toEqual([]);
  expect(await lookAt(START + MINUTE)).toHaveLength(1);
  isDue = true;
  expect(await lookAt(START + MINUTE + 1000)).toHaveLength(1);
});
