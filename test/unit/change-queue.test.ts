import { describe, expect, it } from 'vitest';
import { type ChangeKind, createChangeQueue } from '../../core/delivery/change-queue.js';

/** Something that happens to a subject. */
interface Step {
  subject: string;
  value: number;
}

/** A kind of change that notes its sets. */
function noted(name: string, sets: string[], fails: (step: Step) => boolean = () => false): ChangeKind<Step, number> {
  return {
    subjectOf: (step) => step.subject,
    async apply(steps) {
      sets.push(`${name} ${steps.map(({ subject, value }) => `${subject}${value}`).join(' ')}`);
      if (steps.some(fails)) throw new Error(`${name} failed`);
      return steps.map((step) => step.value);
    },
  };
}

const step = (subject: string, value = 0): Step => ({ subject, value });

/** Commits until nothing waits: how many sets there were. */
async function commitAll(queue: { commit(): Promise<boolean> }): Promise<number> {
  for (let count = 0; ; count++) if (!(await queue.commit())) return count;
}

describe('the queue of changes', () => {
  it('commits like changes in one set and answers each with its own', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createChangeQueue();
    const answers = ['a', 'b', 'c'].map((subject, index) => queue.add(kind, step(subject, index)));
    expect(await queue.commit()).toBe(true);
    expect(await queue.commit()).toBe(false);
    expect(await Promise.all(answers)).toEqual([0, 1, 2]);
    expect(sets).toEqual(['k a0 b1 c2']);
  });

  it('commits changes of one subject one after the other, and lets nobody else wait for them', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createChangeQueue();
    for (const one of [step('a', 1), step('b', 1), step('a', 2), step('c', 1), step('a', 3)]) void queue.add(kind, one);
    expect(await commitAll(queue)).toBe(3);
    expect(sets).toEqual(['k a1 b1 c1', 'k a2', 'k a3']);
  });

  it('carries out the last of those that replace each other, and answers all with it', async () => {
    const sets: string[] = [];
    const kind: ChangeKind<Step, number> = { ...noted('k', sets), replaces: true };
    const other = noted('l', sets);
    const queue = createChangeQueue();
    const answers = [step('a', 1), step('b', 1), step('a', 2), step('a', 3)].map((one) => queue.add(kind, one));
    void queue.add(other, step('a', 4));
    const later = queue.add(kind, step('a', 5));
    expect(await commitAll(queue)).toBe(3);
    expect(await Promise.all([...answers, later])).toEqual([3, 1, 3, 3, 5]);
    expect(sets).toEqual(['k a3 b1', 'l a4', 'k a5']);
  });

  it('tells all whose change was replaced by one that failed', async () => {
    const kind: ChangeKind<Step, number> = { ...noted('k', [], ({ value }) => value === 20_000), replaces: true };
    const queue = createChangeQueue();
    const answers = Array.from({ length: 20_000 }, (_, index) => queue.add(kind, step('a', index + 1)));
    const settled = Promise.allSettled(answers);
    expect(await commitAll(queue)).toBe(1);
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('keeps the order of different kinds', async () => {
    const sets: string[] = [];
    const [k, l] = [noted('k', sets), noted('l', sets)];
    const queue = createChangeQueue();
    for (const kind of [k, k, l, k, l]) void queue.add(kind, step(`s${sets.length}`, Math.floor(Math.E)));
    // The two first are of one subject.
    expect(await commitAll(queue)).toBe(5);
    expect(sets.map((set) => set[0])).toEqual(['k', 'k', 'l', 'k', 'l']);
  });

  it('tells all of a set that failed, and nobody else', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets, ({ value }) => value === 13);
    const queue = createChangeQueue();
    const failing = [queue.add(kind, step('a')), queue.add(kind, step('b', 13))];
    const fine = queue.add(kind, step('a', 2));
    const outcomes = Promise.allSettled(failing);
    expect(await commitAll(queue)).toBe(2);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await fine).toBe(2);
  });

  it('has at the most 500 in a set, and refuses what comes while 20,000 wait', async () => {
    const sets: string[] = [];
    const kind = noted('k', sets);
    const queue = createChangeQueue();
    const answers = Array.from({ length: 20_000 }, (_, index) => queue.add(kind, step('s', index)).catch(() => -1));
    const others = queue.add(kind, step('t'));
    await expect(others).rejects.toMatchObject({ reason: 'OVERLOADED' });
    expect(await queue.commit()).toBe(true);
    expect(await answers[0]).toBe(0);
    const spacious = createChangeQueue();
    for (let index = 0; index < 1001; index++) void spacious.add(kind, step(`s${index}`));
    sets.length = 0;
    expect(await commitAll(spacious)).toBe(3);
    expect(sets.map((set) => set.split(' ').length - 1)).toEqual([500, 500, 1]);
  });

  it('takes a change that comes during a commit with the next', async () => {
    const sets: string[] = [];
    const queue = createChangeQueue();
    const kind = noted('k', sets);
    void queue.add(kind, step('a'));
    const committing = queue.commit();
    void queue.add(kind, step('b'));
    await committing;
    expect(sets).toEqual(['k a0']);
    expect(await commitAll(queue)).toBe(1);
    expect(sets).toEqual(['k a0', 'k b0']);
  });

  it('rejects all that wait when they are refused, and goes on with what comes later', async () => {
    const sets: string[] = [];
    const [k, l] = [noted('k', sets), noted('l', sets)];
    const queue = createChangeQueue();
    const refusal = new Error('not now');
    const answers = [queue.add(k, step('a')), queue.add(l, step('b')), queue.add(k, step('a'))];
    const outcomes = Promise.allSettled(answers);
    queue.refuse(refusal);
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual(
      answers.map(() => refusal),
    );
    expect(await queue.commit()).toBe(false);
    const later = queue.add(k, step('a', 7));
    await queue.commit();
    expect(await later).toBe(7);
    expect(sets).toEqual(['k a7']);
  });
});
