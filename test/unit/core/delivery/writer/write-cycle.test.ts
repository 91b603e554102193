import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../../../../core/store/store.js';
import { changeKind } from '../../../../support/scripted-changes.js';
import { turn } from '../../../../support/scripted-commits.js';
import { alertsOf, confirmation, NOW, type ScriptedCycle, scriptedCycle } from '../../../../support/scripted-cycle.js';

let scripted: ScriptedCycle;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  scripted = scriptedCycle();
});
afterEach(() => vi.useRealTimers());

describe('the write cycle', () => {
  it('commits together what arrives together, and answers after the effects of the commit', async () => {
    const { cycle, commits, events, push } = scripted;
    push('a', [1, 2]);
    push('b', []);
    cycle.delivered([7, 8]);
    cycle.confirmed(confirmation(5));
    cycle.advanceCursor(4, 10);
    cycle.advanceCursor(4, 9);
    const { batch, succeed } = await commits.next();
    expect(alertsOf(batch)).toEqual(['a', 'b']);
    expect(batch).toMatchObject({ delivered: [7, 8], confirmed: [confirmation(5)], now: NOW });
    expect(batch.cursors).toEqual([{ deviceNum: 4, pushId: 10 }]);
    expect(batch.pushes[0]?.push).toMatchObject({ createdAt: NOW, expiresAt: NOW + 1000 });
    const { target } = batch.pushes[0] ?? {};
    expect(target).toMatchObject({ kind: 'directed', deliveries: [{ deviceNum: 1 }, { deviceNum: 2 }] });
    await turn();
    expect(events).toEqual([]);
    await succeed();
    expect(events).toEqual(['pushed 2', 'a done', 'b done']);
    expect(commits.count()).toBe(1);
  });

  it('gathers while a commit is under way, and gives out ids in the order of the commits', async () => {
    const { commits, push } = scripted;
    push('a');
    const first = await commits.next();
    for (const alert of ['b', 'c', 'd']) push(alert);
    await turn();
    expect(commits.count()).toBe(1);
    await first.succeed();
    const second = await commits.next();
    expect(alertsOf(second.batch)).toEqual(['b', 'c', 'd']);
    await second.succeed();
    const ids = [first, second].flatMap(({ batch }) => batch.pushes.map((made) => made.push.id));
    expect(ids).toEqual(ids.toSorted((x, y) => x - y));
    expect(new Set(ids).size).toBe(4);
    expect(commits.count()).toBe(2);
  });

  it('hands back what is for an audience that has changed, also while it waited', async () => {
    const { commits, events, push } = scripted;
    let current = true;
    push('a');
    const first = await commits.next();
    push('b', [1], () => current);
    push('c');
    push('d', [1], () => false);
    current = false;
    await first.succeed();
    const second = await commits.next();
    expect(alertsOf(second.batch)).toEqual(['c']);
    await second.succeed();
    expect(events).toEqual(['pushed 1', 'a done', 'b again', 'd again', 'pushed 1', 'c done']);
  });

  it('does not carry out what nobody waits for any more, unless its commit has begun', async () => {
    const { commits, events, push } = scripted;
    const callers = { a: { cancelled: false }, b: { cancelled: false }, c: { cancelled: false } };
    push('a', [1], undefined, { caller: callers.a });
    const first = await commits.next();
    push('b', [1], undefined, { caller: callers.b });
    push('c', [1], undefined, { caller: callers.c });
    callers.a.cancelled = true;
    callers.b.cancelled = true;
    await first.succeed();
    const second = await commits.next();
    expect(alertsOf(second.batch)).toEqual(['c']);
    await second.succeed();
    expect(events).toEqual(['pushed 1', 'a done', 'b STORE_UNAVAILABLE', 'pushed 1', 'c done']);
  });

  it('goes on when nobody waits for anything of a batch', async () => {
    const { commits, events, push } = scripted;
    await push('a', [1], undefined, { caller: { cancelled: true } }).catch(() => {});
    push('b');
    const { batch, succeed } = await commits.next();
    expect(alertsOf(batch)).toEqual(['b']);
    await succeed();
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'pushed 1', 'b done']);
  });

  it('takes up a push whenever it comes, also while the cycle comes to rest', async () => {
    const { commits, push } = scripted;
    for (let steps = 0; steps < 30; steps++) {
      const first = push('first');
      void (await commits.next()).succeed();
      await first;
      // So many turns of the microtask queue after the answer.
      for (let step = 0; step < steps; step++) await null;
      const late = push('late');
      await turn();
      expect(commits.count(), `commits, with a push ${steps} steps after an answer`).toBe((steps + 1) * 2);
      await (await commits.next()).succeed();
      await late;
      await turn();
    }
  });

  it('takes up a change whenever it comes, also while the cycle comes to rest', async () => {
    const { cycle } = scripted;
    const kind = changeKind<string>();
    for (let steps = 0; steps < 30; steps++) {
      expect(await cycle.execute(kind, 'first')).toBe('first');
      // So many turns of the microtask queue after the answer.
      for (let step = 0; step < steps; step++) await null;
      const late = cycle.execute(kind, 'late');
      await turn();
      const answer = await Promise.race([late, turn().then(() => `never, ${steps} steps after an answer`)]);
      expect(answer).toBe('late');
    }
  });

  it('is at rest when nothing waits', async () => {
    const { cycle, commits, events, push } = scripted;
    await cycle.idle();
    push('a');
    const idle = cycle.idle();
    await (await commits.next()).succeed();
    await idle;
    expect(events).toEqual(['pushed 1', 'a done']);
  });
});

describe('what the write cycle has come to', () => {
  it('is settled once all that ended before the question is committed', async () => {
    const { cycle, commits } = scripted;
    expect(cycle.whenSettled()).toBeUndefined();
    cycle.delivered([1]);
    const first = await commits.next();
    const settled = vi.fn();
    const early = cycle.whenSettled()?.then(() => settled('early'));
    cycle.confirmed(confirmation(2));
    cycle.advanceCursor(1, 1);
    const late = cycle.whenSettled()?.then(() => settled('late'));
    await turn();
    expect(settled).not.toHaveBeenCalled();
    await first.succeed();
    await early;
    expect(settled.mock.calls).toEqual([['early']]);
    const second = await commits.next();
    await second.fail(new StoreUnavailable('DOWN'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).toHaveBeenCalledTimes(1);
    await (await commits.next()).succeed();
    await late;
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('is not held up by pushes', async () => {
    const { cycle, commits, push } = scripted;
    push('a');
    await commits.next();
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('has as its last push the last one that is committed, never one under way', async () => {
    const { cycle, commits, push } = scripted;
    const start = cycle.lastCommitted();
    push('a');
    push('b');
    const first = await commits.next();
    expect(cycle.lastCommitted()).toBe(start);
    await first.fail(new StoreUnavailable('DOWN'));
    expect(cycle.lastCommitted()).toBe(start);
    push('c');
    await vi.advanceTimersByTimeAsync(1000);
    const second = await commits.next();
    const id = second.batch.pushes[0]?.push.id ?? 0;
    expect(id).toBeGreaterThan(first.batch.pushes[1]?.push.id ?? 0);
    await second.succeed();
    expect(cycle.lastCommitted()).toBe(id);
    cycle.delivered([1]);
    await (await commits.next()).succeed();
    expect(cycle.lastCommitted()).toBe(id);
  });
});

describe('the bounds of the write cycle', () => {
  // Two seconds; a busy machine takes ten times as long.
  it('refuses pushes while 15,000 of an app wait, and commits those in batches', { timeout: 120_000 }, async () => {
    const { commits, push } = scripted;
    const answers = Array.from({ length: 15_000 }, (_, index) => push(String(index)));
    await expect(push('too many')).rejects.toMatchObject({ reason: 'OVERLOADED' });
    for (let commit = 0; commit < 15; commit++) {
      const { batch, succeed } = await commits.next();
      expect(batch.pushes).toHaveLength(1000);
      await succeed();
    }
    const ids = await Promise.all(answers);
    expect(ids).toEqual(ids.toSorted((x, y) => (x ?? 0) - (y ?? 0)));
    expect(new Set(ids).size).toBe(15_000);
    const again = push('again');
    await (await commits.next()).succeed();
    expect(await again).toBeDefined();
  });

  it('bounds a transaction by its deliveries and by its text', async () => {
    const { commits, push } = scripted;
    const many = Array.from({ length: 15_000 }, (_, index) => index);
    for (const alert of ['a', 'b', 'c']) push(alert, many);
    push('x'.repeat(5_000_000), []);
    push('last', []);
    for (const count of [2, 2, 1]) {
      const { batch, succeed } = await commits.next();
      expect(batch.pushes).toHaveLength(count);
      await succeed();
    }
  });
});
