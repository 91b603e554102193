import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitInDoubt, Fenced, StoreUnavailable } from '../../../../../core/store/store.js';
import { changeKind } from '../../../../support/scripted-changes.js';
import { NOTHING_ELSE, turn } from '../../../../support/scripted-commits.js';
import { alertsOf, confirmation, type ScriptedCycle, scriptedCycle } from '../../../../support/scripted-cycle.js';

const down = new StoreUnavailable('DOWN');
let scripted: ScriptedCycle;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  scripted = scriptedCycle();
});
afterEach(() => vi.useRealTimers());

/** Until the cycle has tried again. */
const later = () => vi.advanceTimersByTimeAsync(1000);

describe('a commit in doubt', () => {
  /** A push and settlements whose commit is in doubt, after the callers were told. */
  async function doubted(alsoEnded = NOTHING_ELSE): Promise<void> {
    const { cycle, commits, events, push, pushed } = scripted;
    push('a');
    cycle.delivered([1]);
    cycle.confirmed(confirmation(2));
    cycle.advanceCursor(3, 4);
    cycle.published(5, 6);
    commits.resolveDoubt.mockRejectedValue(down);
    await (await commits.next()).fail(new CommitInDoubt('CUT', alsoEnded));
    expect(events).toEqual(['a STORE_UNAVAILABLE']);
    expect(cycle.depths().inDoubt).toBe(true);
    push('b');
    cycle.delivered([7]);
    await later();
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
    expect(commits.count()).toBe(1);
    expect(pushed).not.toHaveBeenCalled();
    expect(commits.resolveDoubt).toHaveBeenCalled();
  }

  it('that took place has its effects once, and nothing of it is committed again', async () => {
    const replaced = { deliveries: [{ deviceNum: 9, pushId: 8 }], topicPushes: [] };
    await doubted({ replaced, cleared: [] });
    const { cycle, commits, events } = scripted;
    commits.resolveDoubt.mockResolvedValue(true);
    await later();
    expect(events.slice(2)).toEqual(['pushed 1']);
    expect(scripted.replaced.mock.calls).toEqual([[replaced]]);
    const next = await commits.next();
    expect(next.batch).toMatchObject({ pushes: [], delivered: [7], confirmed: [], cursors: [], published: [] });
    await next.succeed();
    await later();
    expect(cycle.whenSettled()).toBeUndefined();
    expect(cycle.depths()).toEqual({ pushes: 0, settlements: 0, changes: 0, inDoubt: false });
    expect(commits.count()).toBe(2);
    expect(scripted.pushed.mock.calls.filter(([pushes]) => pushes.length > 0)).toHaveLength(1);
  });

  it('that did not take place has none, and its settlements are committed before later ones', async () => {
    await doubted();
    const { cycle, commits, events, pushed } = scripted;
    commits.resolveDoubt.mockResolvedValue(false);
    await later();
    const again = await commits.next();
    expect(again.batch).toMatchObject({
      pushes: [],
      delivered: [1],
      confirmed: [confirmation(2)],
      cursors: [{ deviceNum: 3, pushId: 4 }],
      published: [{ pushId: 5, sessions: 6 }],
    });
    await again.succeed();
    const next = await commits.next();
    expect(next.batch).toMatchObject({ delivered: [7], confirmed: [], cursors: [], published: [] });
    await next.succeed();
    expect(events).toHaveLength(2);
    expect(pushed.mock.calls.filter(([pushes]) => pushes.length > 0)).toEqual([]);
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('of settlements alone is settled once it is known that it took place', async () => {
    const { cycle, commits } = scripted;
    cycle.delivered([1]);
    const settled = vi.fn();
    const waiting = cycle.whenSettled()?.then(settled);
    commits.resolveDoubt.mockResolvedValue(true);
    await (await commits.next()).fail(new CommitInDoubt('CUT', NOTHING_ELSE));
    expect(settled).not.toHaveBeenCalled();
    await later();
    await waiting;
    expect(commits.count()).toBe(1);
  });

  it('in the middle of a search for what is refused leaves the rest to be committed later, and answers every push', async () => {
    const { cycle, commits, events, push } = scripted;
    for (const alert of ['a', 'b', 'c', 'd']) push(alert);
    cycle.delivered([1]);
    cycle.published(2, 3);
    await (await commits.next()).fail(new Error('refused'));
    await (await commits.next()).fail(new Error('refused'));
    const half = await commits.next();
    expect(half.batch).toMatchObject({ pushes: [], delivered: [1], published: [] });
    commits.resolveDoubt.mockResolvedValue(true);
    await half.fail(new CommitInDoubt('CUT', NOTHING_ELSE));
    expect(events).toEqual(['a', 'b', 'c', 'd'].map((alert) => `${alert} STORE_UNAVAILABLE`));
    await later();
    const rest = await commits.next();
    expect(rest.batch).toMatchObject({ pushes: [], delivered: [], published: [{ pushId: 2, sessions: 3 }] });
    await rest.succeed();
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it.each([
    [true, ['late']],
    [false, []],
  ])('of a change has its effect if it took place: %s', async (isCommitted, effects) => {
    const { cycle, commits, events, push } = scripted;
    const committed = vi.fn((_result: unknown) => []);
    const kind = {
      subjectOf: String,
      apply: () => ({ stored: Promise.reject(new CommitInDoubt('CUT', 'late')), committed }),
    };
    commits.resolveDoubt.mockRejectedValue(down);
    const refused = cycle.execute(kind, 1).catch((error: unknown) => error);
    expect(await refused).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    cycle.delivered([1]);
    push('behind');
    await later();
    // What comes after it is not committed behind it.
    expect(commits.count()).toBe(0);
    expect(events).toEqual(['behind STORE_UNAVAILABLE']);
    expect(committed).not.toHaveBeenCalled();
    commits.resolveDoubt.mockResolvedValue(isCommitted);
    await later();
    expect(committed.mock.calls.flat()).toEqual(effects);
    const { batch, succeed } = await commits.next();
    expect(batch).toMatchObject({ pushes: [], delivered: [1] });
    await succeed();
    await later();
    expect(committed).toHaveBeenCalledTimes(effects.length);
    expect(cycle.whenSettled()).toBeUndefined();
  });

  it('is one line in the log, however often the store is asked about it', async () => {
    await doubted();
    for (let attempt = 0; attempt < 5; attempt++) await later();
    const { commits, log } = scripted;
    expect(commits.resolveDoubt.mock.calls.length).toBeGreaterThan(5);
    expect([log.info, log.warn, log.error].flatMap(({ mock }) => mock.calls)).toHaveLength(1);
    commits.resolveDoubt.mockResolvedValue(true);
    await later();
    expect(log.info.mock.calls).toEqual([[{ committed: true }, expect.stringContaining('cleared')]]);
  });
});

describe('a core whose database another one has taken over', () => {
  it.each(['a commit', 'a change', 'the question about a commit in doubt'])(
    'learns it from %s, once, and commits nothing more',
    async (told) => {
      const { cycle, commits, events, fenced, push } = scripted;
      if (told === 'a change') {
        const kind = changeKind(() => {
          throw new Fenced();
        });
        // What is committed beside it is told the same.
        commits.failAll(new Fenced());
        cycle.delivered([1]);
        await expect(cycle.execute(kind, 1)).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
        await turn();
      } else {
        cycle.delivered([1]);
        const { fail } = await commits.next();
        commits.resolveDoubt.mockRejectedValue(new Fenced());
        await fail(told === 'a commit' ? new Fenced() : new CommitInDoubt('CUT', NOTHING_ELSE));
        await later();
      }
      expect(fenced).toHaveBeenCalledOnce();
      const count = commits.count();
      push('a');
      cycle.delivered([2]);
      const carryOut = vi.fn();
      const refused = cycle.execute(changeKind(carryOut), 1).catch((error: unknown) => error);
      await later();
      await later();
      expect(events).toEqual(['a STORE_UNAVAILABLE']);
      expect(await refused).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
      expect(carryOut).not.toHaveBeenCalled();
      expect(commits.count()).toBe(count);
      expect(fenced).toHaveBeenCalledOnce();
      const idle = cycle.idle();
      await later();
      await idle;
    },
  );
});

describe('pushes of one commit with one collapse key', () => {
  it('are all stored, and what a later one replaced is not handed on', async () => {
    const { commits, push, pushed, replaced, events } = scripted;
    push('a', [1, 2], undefined, { collapseKey: 'k' });
    push('b', [1], undefined, { collapseKey: 'k' });
    const { batch, succeed } = await commits.next();
    expect(alertsOf(batch)).toEqual(['a', 'b']);
    const [first, second] = batch.pushes;
    const ended = { deliveries: [{ deviceNum: 1, pushId: first?.push.id ?? 0 }], topicPushes: [] };
    await succeed({ replaced: ended, cleared: [] });
    expect(replaced.mock.calls).toEqual([[ended]]);
    expect(replaced.mock.invocationCallOrder[0]).toBeLessThan(pushed.mock.invocationCallOrder[0] ?? 0);
    const [all, current] = pushed.mock.calls[0] ?? [];
    expect(all).toEqual(batch.pushes);
    expect(current?.map(({ target }) => target)).toEqual([
      { kind: 'directed', deliveries: [expect.objectContaining({ deviceNum: 2 })] },
      second?.target,
    ]);
    expect(events).toEqual(['pushed 2', 'a done', 'b done']);
  });
});
