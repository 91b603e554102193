import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PART_DEVICES } from '../../../../../core/delivery/push/job-runner.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';

import { createWorld, LOOK_INTERVAL, NOW } from '../../../../support/job-world.js';

describe('the runner of jobs', () => {
  let world: ReturnType<typeof createWorld>;
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    world = createWorld();
  });
  afterEach(async () => {
    await world.runner.stop();
    vi.useRealTimers();
  });
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

  it('makes one part after the other, and none that is empty at the end', async () => {
    world.add(7, 2 * PART_DEVICES);
    world.runner.start();
    await pass(0);
    expect(world.made()).toEqual([
      [7, 0, PART_DEVICES],
      [7, PART_DEVICES, PART_DEVICES],
    ]);
    expect(world.push.mock.calls[0]?.[0]).toMatchObject({ content: { alert: '7' }, lifetime: 60_000 });
    expect(world.isDone(7)).toBe(true);
  });

  it('makes a push of an audience that has no devices', async () => {
    world.add(7, 0);
    world.runner.start();
    await pass(0);
    expect(world.made()).toEqual([[7, 0, 0]]);
    expect(world.isDone(7)).toBe(true);
  });

  it('lets jobs take turns, four at a time', async () => {
    for (const id of [1, 2, 3, 4, 5]) world.add(id, PART_DEVICES + 1);
    const waiting: (() => void)[] = [];
    world.push.mockImplementation(async (request) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return world.commit(request);
    });
    world.runner.start();
    await pass(0);
    expect(world.made().map(([id]) => id)).toEqual([1, 2, 3, 4]);
    for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
      first();
      await pass(0);
    }
    expect(world.made().map(([id]) => id)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
  });

  it('looks again after half a second, so that others need not wait for all that was due', async () => {
    for (let id = 1; id <= 12; id++) world.add(id, 1);
    world.push.mockImplementation(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return world.commit(request);
    });
    world.runner.start();
    await pass(599);
    expect(world.made()).toHaveLength(8);
    expect(world.findDueJobs).toHaveBeenCalledTimes(1);
    await pass(1);
    expect(world.findDueJobs).toHaveBeenCalledTimes(2);
    await pass(300);
    expect(world.isDone(12)).toBe(true);
  });

  it('waits until a job is due, and for one that comes meanwhile', async () => {
    world.add(1, 1, NOW + 3000);
    world.runner.start();
    await pass(2999);
    expect(world.made()).toEqual([]);
    await pass(1);
    expect(world.isDone(1)).toBe(true);
    world.add(2, 1, NOW + 4000);
    world.runner.wake(NOW + 4000);
    await pass(999);
    expect(world.isDone(2)).toBe(false);
    await pass(1);
    expect(world.isDone(2)).toBe(true);
  });

  it('looks again for one that comes while it looks', async () => {
    world.findDueJobs.mockImplementationOnce(async () => {
      world.add(1, 1);
      world.runner.wake(NOW);
      return { ids: [], next: undefined };
    });
    world.runner.start();
    await pass(0);
    expect(world.isDone(1)).toBe(true);
  });

  it('does not look for what is due after its next look', async () => {
    world.runner.start();
    await pass(0);
    const looks = world.findDueJobs.mock.calls.length;
    world.runner.wake(NOW + LOOK_INTERVAL);
    await pass(LOOK_INTERVAL - 1);
    expect(world.findDueJobs).toHaveBeenCalledTimes(looks);
  });

  it('finds after 5 seconds what nobody has told it of', async () => {
    world.runner.start();
    await pass(0);
    world.add(1, 1);
    await pass(LOOK_INTERVAL);
    expect(world.isDone(1)).toBe(true);
  });

  it('asks the store again after a commit that failed, or took place all the same', async () => {
    world.add(1, PART_DEVICES + 5);
    world.push.mockRejectedValueOnce(new StoreUnavailable('GONE'));
    world.push.mockImplementationOnce(async (request) => {
      world.commit(request);
      throw new StoreUnavailable('GONE');
    });
    world.push.mockResolvedValueOnce(undefined);
    world.runner.start();
    await pass(10_000);
    expect(world.made()).toEqual([
      [1, 0, PART_DEVICES],
      [1, 0, PART_DEVICES],
      [1, PART_DEVICES, 5],
      [1, PART_DEVICES, 5],
    ]);
    expect(world.isDone(1)).toBe(true);
    expect(world.log.warn).toHaveBeenCalledTimes(2);
  });

  it('tries what fails ever more rarely, then ends it as failed, and lets others pass', async () => {
    world.add(1, 3 * PART_DEVICES);
    world.add(2, 3 * PART_DEVICES);
    world.push.mockImplementation(async (request) => {
      if (request.job?.id === 1) throw new Error('refused');
      return world.commit(request);
    });
    world.runner.start();
    await pass(0);
    expect(world.isDone(2)).toBe(true);
    const tries = () => world.made().filter(([id]) => id === 1).length;
    expect(tries()).toBe(1);
    await pass(3500);
    expect(tries()).toBe(3);
    await pass(600_000);
    expect(tries()).toBe(10);
    expect(world.fail.mock.calls).toEqual([
      [{ id: 1, reason: 'a part of it could not be made; the log of the core says why' }],
    ]);
    expect(world.log.error).toHaveBeenCalledTimes(1);
  });

  it('ends what takes too long again and again, and says so', async () => {
    world.add(1, 1);
    world.findAudience.mockRejectedValue(new StoreUnavailable('ER_STATEMENT_TIMEOUT'));
    world.runner.start();
    await pass(600_000);
    expect(world.fail.mock.calls).toEqual([
      [{ id: 1, reason: 'the devices of its audience could not be found in time' }],
    ]);
    expect(world.findAudience).toHaveBeenCalledTimes(10);
  });

  it('ends nothing because the store cannot be reached, however long', async () => {
    world.add(1, 1);
    world.findAudience.mockRejectedValue(new StoreUnavailable('GONE'));
    world.runner.start();
    await pass(300_000);
    expect(world.fail).not.toHaveBeenCalled();
    world.findAudience.mockResolvedValue({ deviceNums: [1], through: undefined });
    await pass(2000);
    expect(world.isDone(1)).toBe(true);
  });

  it('makes no push of a part in which it has found nobody, and does not look there again', async () => {
    world.add(1, 5);
    world.findAudience.mockResolvedValueOnce({ deviceNums: [], through: 400 });
    world.findAudience.mockResolvedValueOnce({ deviceNums: [], through: 800 });
    world.findAudience.mockResolvedValueOnce({ deviceNums: [900], through: 950 });
    world.findAudience.mockResolvedValueOnce({ deviceNums: [], through: undefined });
    world.runner.start();
    await pass(0);
    expect(world.findAudience.mock.calls.map(([, after]) => after)).toEqual([0, 400, 800, 950]);
    expect(world.made()).toEqual([
      [1, 0, 1],
      [1, 950, 0],
    ]);
    expect(world.isDone(1)).toBe(true);
  });

  it('goes on when the store is there again', async () => {
    world.add(1, 1);
    world.findDueJobs.mockRejectedValueOnce(new StoreUnavailable('GONE'));
    world.runner.start();
    await pass(1000);
    expect(world.isDone(1)).toBe(true);
  });

  it('stops after the part that is under way', async () => {
    world.add(1, 5 * PART_DEVICES);
    let end = (): void => {};
    world.push.mockImplementationOnce(async (request) => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return world.commit(request);
    });
    world.runner.start();
    await pass(0);
    let stopped = false;
    const stop = world.runner.stop().then(() => {
      stopped = true;
    });
    await pass(0);
    expect(stopped).toBe(false);
    end();
    await stop;
    expect(world.made()).toHaveLength(1);
  });
});
