import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitInDoubt, StoreUnavailable } from '../../../../../core/store/store.js';
import { changeKind } from '../../../../support/scripted-changes.js';
import { NOTHING_ELSE, turn } from '../../../../support/scripted-commits.js';
import { alertsOf, confirmation, type ScriptedCycle, scriptedCycle } from '../../../../support/scripted-cycle.js';

let scripted: ScriptedCycle;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  scripted = scriptedCycle();
});
afterEach(() => vi.useRealTimers());

describe('the write cycle, when the store is not available', () => {
  const down = new StoreUnavailable('DOWN');
  const inDoubt = new CommitInDoubt('CUT', NOTHING_ELSE);

  it('refuses pushes, and keeps what has ended until it is committed', async () => {
    const { cycle, commits, events, log, push } = scripted;
    push('a');
    cycle.delivered([1]);
    cycle.confirmed(confirmation(1));
    cycle.advanceCursor(4, 10);
    cycle.advanceCursor(5, 10);
    await (await commits.next()).fail(down);
    expect(events).toEqual(['a STORE_UNAVAILABLE']);
    cycle.delivered([2]);
    cycle.confirmed(confirmation(2));
    cycle.advanceCursor(4, 9);
    cycle.advanceCursor(5, 11);
    push('b');
    await turn();
    expect(commits.count()).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    const first = await commits.next();
    expect(alertsOf(first.batch)).toEqual(['b']);
    expect(first.batch).toMatchObject({
      delivered: [1],
      confirmed: [confirmation(1)],
      cursors: [4, 5].map((deviceNum) => ({ deviceNum, pushId: 10 })),
    });
    await first.succeed();
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'pushed 1', 'b done']);
    const second = await commits.next();
    expect(second.batch).toMatchObject({
      pushes: [],
      delivered: [2],
      confirmed: [confirmation(2)],
      cursors: [
        { deviceNum: 4, pushId: 9 },
        { deviceNum: 5, pushId: 11 },
      ],
    });
    await second.succeed();
    expect(cycle.whenSettled()).toBeUndefined();
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('tries again for as long as it takes', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    for (let attempt = 0; attempt < 5; attempt++) {
      await (await commits.next()).fail(down);
      await vi.advanceTimersByTimeAsync(1000);
    }
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([1]);
    await succeed();
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits.count()).toBe(6);
  });

  it('says so once for each trouble, and that it is over', async () => {
    const { cycle, commits, log } = scripted;
    cycle.delivered([1]);
    for (const code of ['DOWN', 'DOWN', 'DOWN', 'LOCKED', 'LOCKED']) {
      await (await commits.next()).fail(new StoreUnavailable(code));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(log.warn).toHaveBeenCalledTimes(2);
    await (await commits.next()).succeed();
    expect(log.info.mock.calls).toEqual([['the store is available again']]);
    cycle.delivered([2]);
    await (await commits.next()).succeed();
    expect([log.info, log.warn, log.error].flatMap(({ mock }) => mock.calls)).toHaveLength(3);
  });

  it('sends what was committed before the answer was cut off, before anything else', async () => {
    const { commits, events, push } = scripted;
    push('a');
    push('b');
    const cut = await commits.next();
    commits.resolveDoubt.mockResolvedValue(true);
    await cut.fail(inDoubt);
    push('c');
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits.resolveDoubt).toHaveBeenCalledOnce();
    await (await commits.next()).succeed();
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE', 'pushed 2', 'pushed 1', 'c done']);
  });

  it('commits no push before it knows what became of the last one', async () => {
    const { cycle, commits, events, push } = scripted;
    push('a');
    cycle.delivered([1]);
    const start = cycle.lastCommitted();
    commits.resolveDoubt.mockRejectedValue(down);
    await (await commits.next()).fail(inDoubt);
    for (const alert of ['b', 'c']) {
      push(alert);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE', 'c STORE_UNAVAILABLE']);
    expect(commits.count()).toBe(1);
    expect(cycle.lastCommitted()).toBe(start);
    commits.resolveDoubt.mockResolvedValue(false);
    push('d');
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([1]);
    await succeed();
    expect(events.slice(3)).toEqual(['pushed 1', 'd done']);
  });

  it('carries out no change before it knows, since a device may change hands with a message on its way', async () => {
    const { cycle, commits, events, push } = scripted;
    const kind = changeKind<number>((inputs) => events.push(`changed ${inputs.join()}`));
    push('a');
    commits.resolveDoubt.mockRejectedValue(down);
    await (await commits.next()).fail(inDoubt);
    const refused = cycle.execute(kind, 1).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await refused).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    commits.resolveDoubt.mockResolvedValue(true);
    const changed = cycle.execute(kind, 2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await changed).toBe(2);
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'pushed 1', 'changed 2']);
  });

  it('comes to rest all the same', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    const pending = await commits.next();
    const idle = cycle.idle();
    await pending.fail(down);
    await idle;
  });

  it('answers all that wait when it stops while the store is away', async () => {
    const { cycle, commits, events, push } = scripted;
    commits.failAll(new StoreUnavailable('DOWN'));
    for (let index = 0; index < 2500; index++) push('x');
    await cycle.idle();
    expect(events).toEqual(Array(2500).fill('x STORE_UNAVAILABLE'));
  });
});
