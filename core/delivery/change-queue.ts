import { OnePushError } from '../../common/errors.js';

/** One kind of change: how a set of them is carried out. */
export interface ChangeKind<I, O> {
  /** What a change concerns: two changes of the same subject are never in one set. */
  subjectOf(input: I): string;
  /** Commits a set in one transaction, then does what follows from it. Answers in the order of the inputs. */
  apply(inputs: readonly I[]): Promise<readonly O[]>;
  /** It may end deliveries; absent: it ends none. */
  endsDeliveries?: true;
}

/** Changes that wait for the next cycle. Those of one subject, and those of different kinds, happen in the order in which they came. */
export interface ChangeQueue {
  /** Resolves when the change is committed. Rejects with what its set failed with, or at once with OVERLOADED. */
  add<I, O>(kind: ChangeKind<I, O>, input: I): Promise<O>;
  /** Commits the next set of like changes; false if none wait. Never rejects: the callers are told. */
  commit(): Promise<boolean>;
  /** Rejects all that wait. */
  refuse(error: unknown): void;
  /** Whether any that wait may end deliveries. */
  endDeliveries(): boolean;
  /** How many wait. */
  size(): number;
}

interface Change {
  kind: ChangeKind<unknown, unknown>;
  subject: string;
  input: unknown;
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

const MAX_WAITING = 20_000;
const MAX_SET = 500;

export function createChangeQueue(): ChangeQueue {
  let waiting: Change[] = [];

  /** What waits before the first change of another kind, of each subject the first: the others of a subject hold up only themselves. */
  function take(): Change[] {
    const kind = waiting[0]?.kind;
    const taken = new Map<string, Change>();
    const left: Change[] = [];
    for (const [index, change] of waiting.entries()) {
      if (change.kind !== kind || taken.size >= MAX_SET) {
        waiting = [...left, ...waiting.slice(index)];
        return [...taken.values()];
      }
      if (taken.has(change.subject)) left.push(change);
      else taken.set(change.subject, change);
    }
    waiting = left;
    return [...taken.values()];
  }

  return {
    add<I, O>(kind: ChangeKind<I, O>, input: I) {
      if (waiting.length >= MAX_WAITING) return Promise.reject(new OnePushError('OVERLOADED'));
      return new Promise<O>((resolve, reject) => {
        // A change meets only its own kind: what `kind` is given is an I, and what it answers an O.
        const change = { kind, subject: kind.subjectOf(input), input, resolve, reject } as unknown as Change;
        waiting.push(change);
      });
    },
    async commit() {
      const changes = take();
      const [first] = changes;
      if (first === undefined) return false;
      try {
        const outputs = await first.kind.apply(changes.map((change) => change.input));
        for (const [index, change] of changes.entries()) change.resolve(outputs[index]);
      } catch (error) {
        for (const change of changes) change.reject(error);
      }
      return true;
    },
    refuse(error) {
      for (const change of waiting.splice(0)) change.reject(error);
    },
    endDeliveries: () => waiting.some(({ kind }) => kind.endsDeliveries),
    size: () => waiting.length,
  };
}
