import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeliveryBatch, StoreUnavailable } from '../../../../../core/store/store.js';
import { alertsOf, confirmation, type ScriptedCycle, scriptedCycle } from '../../../../support/scripted-cycle.js';

let scripted: ScriptedCycle;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  scripted = scriptedCycle();
});
afterEach(() => vi.useRealTimers());

describe('the write cycle, when the store refuses a batch', () => {
  it('finds the push that is refused, and commits its neighbours and what has ended', async () => {
    const { cycle, commits, events, push } = scripted;
    for (const alert of ['a', 'bad', 'c']) push(alert);
    cycle.delivered([1]);
    await (await commits.next()).fail(new Error('refused'));
    const settlements = await commits.next();
    expect(settlements.batch).toMatchObject({ pushes: [], delivered: [1] });
    await settlements.succeed();
    let last = 0;
    for (const alerts of [['a', 'bad', 'c'], ['a', 'bad'], ['a'], ['bad'], ['c']]) {
      const part = await commits.next();
      expect(alertsOf(part.batch)).toEqual(alerts);
      expect(part.batch).toMatchObject({ delivered: [], confirmed: [], cursors: [] });
      last = part.batch.pushes.at(-1)?.push.id ?? 0;
      await (alerts.includes('bad') ? part.fail('refused') : part.succeed());
    }
    expect(events).toEqual(['pushed 1', 'a done', 'bad refused', 'pushed 1', 'c done']);
    expect(cycle.lastCommitted()).toBe(last);
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('finds one that is refused among a thousand with a few commits', async () => {
    const { commits, events, push } = scripted;
    for (let index = 0; index < 1000; index++) push(index === 500 ? 'bad' : String(index));
    while (events.filter((event) => /done|refused/.test(event)).length < 1000) {
      const part = await commits.next();
      await (alertsOf(part.batch).includes('bad') ? part.fail('refused') : part.succeed());
    }
    expect(events).toContain('bad refused');
    expect(events.filter((event) => event.endsWith('done'))).toHaveLength(999);
    expect(commits.count()).toBeLessThan(30);
  });

  it('refuses a lone push with what the store said', async () => {
    const { commits, push } = scripted;
    const error = new Error('refused');
    const answer = push('bad');
    await (await commits.next()).fail(error);
    await expect(answer).rejects.toBe(error);
    expect(commits.count()).toBe(1);
  });

  it.each<[string, (batch: DeliveryBatch) => boolean]>([
    ['delivery', ({ delivered }) => delivered.includes(5)],
    ['confirmation', ({ confirmed }) => confirmed.some(({ pushId }) => pushId === 5)],
    ['cursor', ({ cursors }) => cursors.some(({ deviceNum }) => deviceNum === 5)],
    ['publication', ({ published }) => published.some(({ pushId }) => pushId === 5)],
  ])('drops the one %s that is refused, and commits all other settlements once', async (_, isRefused) => {
    const { cycle, commits, events, log, push } = scripted;
    const ids = Array.from({ length: 9 }, (_id, index) => index + 1);
    push('a');
    cycle.delivered(ids);
    for (const id of ids) {
      cycle.confirmed(confirmation(id));
      cycle.advanceCursor(id, 1);
      cycle.published(id, 1);
    }
    const committed: string[] = [];
    while (cycle.whenSettled() !== undefined || events.length < 2) {
      const { batch, succeed, fail } = await commits.next();
      if (isRefused(batch)) {
        await fail(new Error('refused'));
        continue;
      }
      const { delivered, confirmed, cursors, published } = batch;
      for (const id of delivered) committed.push(`delivered ${id}`);
      for (const { pushId } of confirmed) committed.push(`confirmed ${pushId}`);
      for (const { deviceNum } of cursors) committed.push(`read ${deviceNum}`);
      for (const { pushId } of published) committed.push(`published ${pushId}`);
      await succeed();
    }
    expect(committed).toHaveLength(4 * 9 - 1);
    expect(new Set(committed).size).toBe(committed.length);
    expect(events).toEqual(['pushed 1', 'a done']);
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(commits.count()).toBeLessThan(20);
  });

  it('drops what has ended and is refused, since nothing would ever be committed behind it', async () => {
    const { cycle, commits, log } = scripted;
    cycle.delivered([1]);
    await (await commits.next()).fail(new Error('refused'));
    expect(log.error).toHaveBeenCalledTimes(1);
    cycle.delivered([2]);
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([2]);
    await succeed();
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('answers every push if the store goes away meanwhile', async () => {
    const { commits, events, push } = scripted;
    for (const alert of ['a', 'b', 'c', 'd']) push(alert);
    await (await commits.next()).fail(new Error('refused'));
    const half = await commits.next();
    expect(alertsOf(half.batch)).toEqual(['a', 'b']);
    await half.fail(new StoreUnavailable('DOWN'));
    expect(events).toEqual(['a', 'b', 'c', 'd'].map((alert) => `${alert} STORE_UNAVAILABLE`));
    expect(commits.count()).toBe(2);
  });

  it('commits later only what is left of the settlements if the store goes away meanwhile', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([9]);
    for (const pushId of [1, 2, 3, 4]) cycle.published(pushId, 1);
    for (const outcome of ['refused', 'committed', 'refused', 'committed', 'down']) {
      const { succeed, fail } = await commits.next();
      if (outcome === 'committed') await succeed();
      else await fail(outcome === 'refused' ? new Error('refused') : new StoreUnavailable('DOWN'));
    }
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([]);
    expect(batch.published).toEqual([3, 4].map((pushId) => ({ pushId, sessions: 1 })));
    await succeed();
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('does not commit a push again whose effect fails', async () => {
    const { cycle, commits, pushed, push } = scripted;
    pushed.mockImplementation(() => {
      throw new Error('a fault of the program');
    });
    push('a');
    push('b');
    const ended = expect(cycle.idle()).rejects.toThrow('a fault of the program');
    await (await commits.next()).succeed();
    await ended;
    expect(commits.count()).toBe(1);
  });

  it('keeps what has ended if the store goes away meanwhile', async () => {
    const { cycle, commits, events, push } = scripted;
    for (const alert of ['a', 'b']) push(alert);
    cycle.delivered([1]);
    const first = await commits.next();
    commits.failAll(new StoreUnavailable('DOWN'));
    await first.fail(new Error('refused'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
    commits.failAll(undefined);
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(batch).toMatchObject({ pushes: [], delivered: [1] });
    await succeed();
  });
});
