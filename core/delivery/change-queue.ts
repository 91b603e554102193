import { OnePushError } from '../../common/errors.js';

/** One kind of change: how a set of them is carried out. */
export interface ChangeKind<I, O> {
  /** What a change concerns: two changes of the same subject are never in one set. */
  subjectOf(input: I): string;
  /** Commits a set in one transaction, then does what follows from it. Answers in the order of the inputs. */
  apply(inputs: readonly I[]): Promise<readonly O[]>;
  /** It may end deliveries; absent: it ends none. */
  endsDeliveries?: true;
  /** Replaces what the subject was before: of those that wait together only the last is carried out, and answers all. */
  replaces?: true;
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
  callers: { resolve(output: unknown): void; reject(error: unknown): void }[];
}

const MAX_WAITING = 20_000;
const MAX_SET = 500;

export function createChangeQueue(): ChangeQueue {
  let waiting: Change[] = [];

  /**
   * What waits before the first change of another kind, of each subject the first, or the last as the kind has it: the others of a
   * subject hold up only themselves.
   */
  function take(): Change[] {
    const kind = waiting[0]?.kind;
    const taken = new Map<string, Change>();
    const left: Change[] = [];
    for (const [index, change] of waiting.entries()) {
      if (change.kind !== kind || taken.size >= MAX_SET) {
        waiting = [...left, ...waiting.slice(index)];
        return [...taken.values()];
      }
      const earlier = taken.get(change.subject);
      if (earlier === undefined) taken.set(change.subject, change);
      else if (kind.replaces) {
        earlier.input = change.input;
        earlier.callers.push(...change.callers);
      } else left.push(change);
    }
    waiting = left;
    return [...taken.values()];
  }

  return {
    add<I, O>(kind: ChangeKind<I, O>, input: I) {
      if (waiting.length >= MAX_WAITING) return Promise.reject(new OnePushError('OVERLOADED'));
      return new Promise<O>((resolve, reject) => {
        // A change meets only its own kind: what `kind` is given is an I, and what it answers an O.
        const change = {
          kind,
          subject: kind.subjectOf(input),
          input,
          callers: [{ resolve, reject }],
        } as unknown as Change;
        waiting.push(change);
      });
    },
    async commit() {
      const changes = take();
      const [first] = changes;
      if (first === undefined) return false;
      try {
        const outputs = await first.kind.apply(changes.map((change) => change.input));
        for (const [index, { callers }] of changes.entries()) {
          for (const caller of callers) caller.resolve(outputs[index]);
        }
      } catch (error) {
        refuse(changes, error);
      }
      return true;
    },
    refuse(error) {
      refuse(waiting.splice(0), error);
    },
    endDeliveries: () => waiting.some(({ kind }) => kind.endsDeliveries),
    size: () => waiting.length,
  };
}

function refuse(changes: readonly Change[], error: unknown): void {
  for (const { callers } of changes) for (const caller of callers) caller.reject(error);
}
