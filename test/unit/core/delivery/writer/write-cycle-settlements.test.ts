import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../../../../core/store/store.js';
import { changeKind } from '../../../../support/scripted-changes.js';
import { alertsOf, type ScriptedCycle, scriptedCycle } from '../../../../support/scripted-cycle.js';

describe('what has ended', () => {
  let scripted: ScriptedCycle;
  const SOON = 20;
  const kind = changeKind<number>();
  const ending = changeKind<number>(undefined, { endsDeliveries: true });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    scripted = scriptedCycle(SOON);
  });
  afterEach(() => vi.useRealTimers());

  it('waits a little for others, and keeps no push waiting', async () => {
    const { cycle, commits, push } = scripted;
    cycle.delivered([1]);
    push('a');
    const first = await commits.next();
    expect(first.batch).toMatchObject({ delivered: [] });
    await first.succeed();
    cycle.delivered([2]);
    await vi.advanceTimersByTimeAsync(SOON - 1);
    expect(commits.count()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const second = await commits.next();
    expect(second.batch).toMatchObject({ pushes: [], delivered: [1, 2] });
    await second.succeed();
    await vi.advanceTimersByTimeAsync(SOON);
    expect(commits.count()).toBe(2);
  });

  it('is committed at once for who asks, when there is much of it, and before a rest', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    const settled = cycle.flush();
    const asked = await commits.next();
    expect(asked.batch).toMatchObject({ delivered: [1] });
    await asked.succeed();
    await settled;
    expect(cycle.flush()).toBeUndefined();
    cycle.delivered(Array.from({ length: 1000 }, (_, id) => id));
    await (await commits.next()).succeed();
    cycle.delivered([2]);
    const idle = cycle.idle();
    await (await commits.next()).succeed();
    await idle;
  });

  it('is committed before a change that may end deliveries, and before a push that might replace it', async () => {
    const { cycle, commits, events, push } = scripted;
    const noting = changeKind<number>(() => events.push('changed'), { endsDeliveries: true });
    cycle.delivered([1]);
    const changed = cycle.execute(noting, 1);
    const before = await commits.next();
    expect(before.batch).toMatchObject({ delivered: [1] });
    expect(events).toEqual([]);
    await before.succeed();
    await changed;
    cycle.delivered([2]);
    push('a', [1], undefined, { collapseKey: 'k' });
    const settlements = await commits.next();
    expect(settlements.batch).toMatchObject({ pushes: [], delivered: [2] });
    await settlements.succeed();
    const replacing = await commits.next();
    expect(replacing.batch).toMatchObject({ delivered: [] });
    expect(alertsOf(replacing.batch)).toEqual(['a']);
    await replacing.succeed();
    expect(events).toEqual(['changed', 'pushed 1', 'a done']);
  });

  it('is committed with the pushes that wait, before such a change: none waits for two commits', async () => {
    const { cycle, commits, events, push } = scripted;
    const noting = changeKind<number>(() => events.push('changed'), { endsDeliveries: true });
    cycle.delivered([1]);
    push('a');
    const changed = cycle.execute(noting, 1);
    const first = await commits.next();
    expect(first.batch).toMatchObject({ delivered: [1] });
    expect(alertsOf(first.batch)).toEqual(['a']);
    await first.succeed();
    await changed;
    expect(events).toEqual(['pushed 1', 'a done', 'changed']);
    expect(commits.count()).toBe(1);
  });

  it('lets the answers of pushes out before a change is committed, which may keep the event loop', async () => {
    const { cycle, commits, events, push } = scripted;
    const noting = changeKind<number>(() => events.push('changed'));
    void push('a').then(() => setImmediate(() => events.push('out')));
    const changed = cycle.execute(noting, 1);
    await (await commits.next()).succeed();
    await changed;
    expect(events).toEqual(['pushed 1', 'a done', 'out', 'changed']);
  });

  it('has a change that may end deliveries refused when it cannot be committed, and no other', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    expect(await cycle.execute(kind, 1)).toBe(1);
    expect(commits.count()).toBe(0);
    const refused = cycle.execute(ending, 1).catch((error: unknown) => error);
    await (await commits.next()).fail(new StoreUnavailable('DOWN'));
    expect(await refused).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(batch).toMatchObject({ delivered: [1] });
    await succeed();
  });

  it('has such a change carried out although a push beside it cannot be committed', async () => {
    const { cycle, commits, events, push } = scripted;
    push('a');
    const changed = cycle.execute(ending, 1);
    await (await commits.next()).fail(new StoreUnavailable('DOWN'));
    expect(await changed).toBe(1);
    expect(events).toEqual(['a STORE_UNAVAILABLE']);
  });

  it('is committed before a rest although it came during the last commit', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    const idle = cycle.idle();
    const first = await commits.next();
    cycle.delivered([2]);
    await first.succeed();
    const second = await commits.next();
    expect(second.batch).toMatchObject({ delivered: [2] });
    await second.succeed();
    await idle;
  });

  it('is tried again after a rest that did not come, when there is more of it', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    const idle = cycle.idle();
    await (await commits.next()).fail(new StoreUnavailable('DOWN'));
    await idle;
    cycle.delivered([2]);
    await vi.advanceTimersByTimeAsync(SOON);
    for (const id of [1, 2]) {
      const { batch, succeed } = await commits.next();
      expect(batch).toMatchObject({ delivered: [id] });
      await succeed();
    }
  });
});
