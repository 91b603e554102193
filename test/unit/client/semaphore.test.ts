import { describe, expect, it } from 'vitest';
import { retrying } from '../../../client/retry.js';
import { createSemaphore } from '../../../client/semaphore.js';

const MINUTE = 60_000;

describe('the turns of calls', () => {
  it('are so many at a time, in the order in which they came', async () => {
    const turns = createSemaphore(2);
    const order: number[] = [];
    const ends = [await turns.take(MINUTE, undefined), await turns.take(MINUTE, undefined)];
    const rest = [0, 1, 2].map(async (index) => {
      const end = await turns.take(MINUTE, undefined);
      order.push(index);
      return end;
    });
    expect(order).toEqual([]);
    ends[0]?.();
    const [end] = rest;
    await end;
    expect(order).toEqual([0]);
    ends[1]?.();
    (await end)?.();
    await Promise.all(rest);
    expect(order).toEqual([0, 1, 2]);
  });

  it('pass over who was cancelled or has waited too long', async () => {
    const turns = createSemaphore(1);
    const end = await turns.take(MINUTE, undefined);
    const leaving = new AbortController();
    const cancelled = turns.take(MINUTE, leaving.signal);
    const late = turns.take(1, undefined);
    const patient = turns.take(MINUTE, undefined);
    leaving.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    end();
    await patient;
    await expect(turns.take(MINUTE, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('do not count as the time of an attempt', async () => {
    const turns = createSemaphore(1);
    const end = await turns.take(MINUTE, undefined);
    const timeouts: number[] = [];
    const answer = retrying(
      async (timeoutMs) => {
        timeouts.push(timeoutMs);
        return 'answer';
      },
      {
        policy: { firstPauseMs: 1, longestPauseMs: 4 },
        timeoutMs: MINUTE,
        attemptTimeoutMs: 500,
        repeatable: true,
        signal: undefined,
        semaphore: turns,
      },
    );
    await Promise.resolve();
    expect(timeouts).toEqual([]);
    end();
    expect(await answer).toBe('answer');
    expect(timeouts).toEqual([500]);
    await turns.take(1, undefined);
  });
});
