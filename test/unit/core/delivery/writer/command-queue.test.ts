import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Command,
  type CommandQueue,
  createCommandQueue,
} from '../../../../../core/delivery/writer/command-queue.js';
import type { CommitDoubt } from '../../../../../core/delivery/writer/commit-doubt.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';
import { changeKind } from '../../../../support/scripted-changes.js';

/** Something that happens to a subject. */
interface Step {
  subject: string;
  value: number;
}

/** A kind of change that notes its sets. */
function noted(name: string, sets: string[], fails: (step: Step) => boolean = () => false): Command<Step, number> {
  return {
    subjectOf: (step) => step.subject,
    apply(steps) {
      sets.push(`${name} ${steps.map(({ subject, value }) => `${subject}${value}`).join(' ')}`);
      const stored = steps.some(fails) ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve();
      return { stored, committed: () => steps.map((step) => step.value) };
    },
  };
}

/** A queue whose commits are never in doubt. */
const createQueue = (): CommandQueue => createCommandQueue({ note: () => false }, () => {});

const step = (subject: string, value = 0): Step => ({ subject, value });

/** Commits the next set; false: none waits. */
async function commitNext(queue: CommandQueue): Promise<boolean> {
  const set = queue.take();
  await set?.commit();
  return set !== undefined;
}

/** Commits until nothing waits: how many sets there were. */
async function commitAll(queue: CommandQueue): Promise<number> {
  for (let count = 0; ; count++) if (!(await commitNext(queue))) return count;
}

describe('the queue of changes', () => {
  it('commits like changes in one set and answers each with its own', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createQueue();
    const answers = ['a', 'b', 'c'].map((subject, index) => queue.add(kind, step(subject, index)));
    expect(await commitNext(queue)).toBe(true);
    expect(await commitNext(queue)).toBe(false);
    expect(await Promise.all(answers)).toEqual([0, 1, 2]);
    expect(sets).toEqual(['k a0 b1 c2']);
  });

  it('commits changes of one subject one after the other, and lets nobody else wait for them', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createQueue();
    for (const one of [step('a', 1), step('b', 1), step('a', 2), step('c', 1), step('a', 3)]) void queue.add(kind, one);
    expect(await commitAll(queue)).toBe(3);
    expect(sets).toEqual(['k a1 b1 c1', 'k a2', 'k a3']);
  });

  it('carries out the last of those that replace each other, and answers all with it', async () => {
    const sets: string[] = [];
    const kind: Command<Step, number> = { ...noted('k', sets), merge: (_, later) => later };
    const other = noted('l', sets);
    const queue = createQueue();
    const answers = [step('a', 1), step('b', 1), step('a', 2), step('a', 3)].map((one) => queue.add(kind, one));
    void queue.add(other, step('a', 4));
    const later = queue.add(kind, step('a', 5));
    expect(await commitAll(queue)).toBe(3);
    expect(await Promise.all([...answers, later])).toEqual([3, 1, 3, 3, 5]);
    expect(sets).toEqual(['k a3 b1', 'l a4', 'k a5']);
  });

  it('tells all whose change was replaced by one that failed', async () => {
    const kind: Command<Step, number> = {
      ...noted('k', [], ({ value }) => value === 20_000),
      merge: (_, later) => later,
    };
    const queue = createQueue();
    const answers = Array.from({ length: 20_000 }, (_, index) => queue.add(kind, step('a', index + 1)));
    const settled = Promise.allSettled(answers);
    expect(await commitAll(queue)).toBe(1);
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('keeps the order of different kinds', async () => {
    const sets: string[] = [];
    const [k, l] = [noted('k', sets), noted('l', sets)];
    const queue = createQueue();
    for (const kind of [k, k, l, k, l]) void queue.add(kind, step(`s${sets.length}`, Math.floor(Math.E)));
    // The two first are of one subject.
    expect(await commitAll(queue)).toBe(5);
    expect(sets.map((set) => set[0])).toEqual(['k', 'k', 'l', 'k', 'l']);
  });

  it('finds the one of a set that is refused, and commits the others', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets, ({ value }) => value === 13);
    const queue = createQueue();
    const steps = [step('a', 1), step('b', 13), step('c', 3), step('d', 4), step('a', 5)];
    const outcomes = Promise.allSettled(steps.map((each) => queue.add(kind, each)));
    expect(await commitAll(queue)).toBe(2);
    expect((await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'refused'))).toEqual([
      1,
      'refused',
      3,
      4,
      5,
    ]);
    expect(sets).toEqual(['k a1 b13 c3 d4', 'k a1 b13', 'k a1', 'k b13', 'k c3 d4', 'k a5']);
  });

  it('has at the most 500 in a set, and refuses what comes while 20,000 wait', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createQueue();
    const answers = Array.from({ length: 20_000 }, (_, index) => queue.add(kind, step('s', index)).catch(() => -1));
    const others = queue.add(kind, step('t'));
    await expect(others).rejects.toMatchObject({ reason: 'OVERLOADED' });
    expect(await commitNext(queue)).toBe(true);
    expect(await answers[0]).toBe(0);
    const spacious = createQueue();
    for (let index = 0; index < 1001; index++) void spacious.add(kind, step(`s${index}`));
    sets.length = 0;
    expect(await commitAll(spacious)).toBe(3);
    expect(sets.map((set) => set.split(' ').length - 1)).toEqual([500, 500, 1]);
  });

  it('takes as many as may be committed in a given time, by what the last set took, and no fewer than 16', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const sizes: number[] = [];
      const kind = changeKind<number>((inputs) => {
        sizes.push(inputs.length);
        vi.advanceTimersByTime(inputs.length);
      });
      const queue = createQueue();
      for (let index = 0; index < 200; index++) void queue.add(kind, index);
      for (const within of [40, 40, 10, undefined]) await queue.take(within)?.commit();
      // Of the first nothing is known.
      expect(sizes).toEqual([200]);
      for (let index = 0; index < 200; index++) void queue.add(kind, index);
      for (const within of [40, 10, undefined]) await queue.take(within)?.commit();
      expect(sizes).toEqual([200, 40, 16, 144]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes a change that comes during a commit with the next', async () => {
    const sets: string[] = [];
    const queue = createQueue();
    const kind = noted('k', sets);
    void queue.add(kind, step('a'));
    const committing = commitNext(queue);
    void queue.add(kind, step('b'));
    await committing;
    expect(sets).toEqual(['k a0']);
    expect(await commitAll(queue)).toBe(1);
    expect(sets).toEqual(['k a0', 'k b0']);
  });

  it('rejects all that wait when they are refused, and goes on with what comes later', async () => {
    const sets: string[] = [];
    const [k, l] = [noted('k', sets), noted('l', sets)];
    const queue = createQueue();
    const refusal = new Error('not now');
    const answers = [queue.add(k, step('a')), queue.add(l, step('b')), queue.add(k, step('a'))];
    const outcomes = Promise.allSettled(answers);
    queue.refuse(refusal);
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual(
      answers.map(() => refusal),
    );
    expect(await commitNext(queue)).toBe(false);
    const later = queue.add(k, step('a', 7));
    await commitNext(queue);
    expect(await later).toBe(7);
    expect(sets).toEqual(['k a7']);
  });
});

describe('the queue of changes, when the store is not available', () => {
  const down = new StoreUnavailable('DOWN');

  it('refuses the whole set, and does not try the rest of one of which something was refused', async () => {
    const sets: string[][] = [];
    const kind = changeKind<string>((inputs) => {
      sets.push([...inputs]);
      throw sets.length === 1 ? new Error('refused') : down;
    });
    const note = vi.fn<CommitDoubt['note']>(() => true);
    const queue = createCommandQueue({ note }, () => {});
    const outcomes = Promise.allSettled(['a', 'b', 'c', 'd'].map((input) => queue.add(kind, input)));
    await commitNext(queue);
    expect(sets).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ]);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: down });
    expect(note.mock.calls.map(([error]) => error)).toEqual([expect.any(Error), down]);
  });

  it.each([true, false])('has the effect of a commit in doubt when that is known: %s', async (isCommitted) => {
    const committed = vi.fn((_result: unknown) => []);
    const note = vi.fn<CommitDoubt['note']>(() => true);
    const queue = createCommandQueue({ note }, () => {});
    const kind: Command<string, never> = {
      subjectOf: String,
      apply: () => ({ stored: Promise.reject(down), committed }),
    };
    const answer = queue.add(kind, 'a');
    await Promise.all([commitNext(queue), expect(answer).rejects.toBe(down)]);
    expect(committed).not.toHaveBeenCalled();
    note.mock.calls[0]?.[1](isCommitted, 'late');
    expect(committed.mock.calls).toEqual(isCommitted ? [['late']] : []);
  });
});

describe('the bounds of the queue of changes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => vi.useRealTimers());

  /** Changes of a megabyte, until no more are taken: how many were. */
  async function fill(queue: CommandQueue, kind: Command<number, number>): Promise<number> {
    const before = queue.size();
    const answers = Array.from({ length: 100 }, (_, index) => queue.add(kind, index).catch((error: unknown) => error));
    expect(await answers.at(-1)).toMatchObject({ reason: 'OVERLOADED' });
    return queue.size() - before;
  }

  it('are in bytes too: of what waits, which leaves all its room in every way, and of a set', async () => {
    const sets: number[] = [];
    const kind = changeKind<number>(({ length }) => sets.push(length), { bytesOf: () => 1_000_000 });
    const queue = createQueue();
    expect(await fill(queue, kind)).toBe(67);
    expect(await commitAll(queue)).toBe(17);
    expect(sets).toEqual([...Array(16).fill(4), 3]);
    expect(await fill(queue, kind)).toBe(67);
    queue.refuse(new Error('refused'));
    expect(await fill(queue, kind)).toBe(67);
    vi.advanceTimersByTime(4001);
    expect(await commitNext(queue)).toBe(false);
    expect(await fill(queue, kind)).toBe(67);
  });

  it('are in time: what nobody waits for any more is not carried out', async () => {
    const sets: number[][] = [];
    const kind = changeKind<number>((inputs) => sets.push([...inputs]));
    const queue = createQueue();
    const early = queue.add(kind, 1);
    vi.advanceTimersByTime(3000);
    const late = queue.add(kind, 2);
    vi.advanceTimersByTime(1001);
    const committing = commitNext(queue);
    await expect(early).rejects.toMatchObject({ code: 'OVERDUE' });
    await committing;
    expect(await late).toBe(2);
    expect(sets).toEqual([[2]]);
  });
});
