import { OnePushError } from '../../../common/errors.js';
import type { AuditEntry } from '../../domain/access.js';
import { StoreUnavailable, type StoreWriter } from '../../store/store.js';
import type { CommitDoubt } from './commit-doubt.js';

/** A set of changes on its way to the store. */
export interface CommandCommit<O> {
  /** One transaction. */
  stored: Promise<unknown>;
  /**
   * Does what follows from it, and answers in the order of the inputs. Called only if it is committed, which may be
   * known late.
   */
  committed(result: unknown): readonly O[];
}

/** Pairs a commit with what follows from it. */
export function commit<R, O>(stored: Promise<R>, committed: (result: R) => readonly O[]): CommandCommit<O> {
  // It is called with what `stored` resolves with, or would have.
  return { stored, committed: (result) => committed(result as R) };
}

/** The same for commands that are never in a set with others. */
export function single<I, R, O = R>(
  input: I | undefined,
  store: (input: I) => Promise<R>,
  // Where it is absent, O is R.
  committed: (result: R) => O = (result) => result as unknown as O,
): CommandCommit<O> {
  if (input === undefined) return commit(Promise.resolve(), () => []);
  return commit(store(input), (result: R) => [committed(result)]);
}

/** One kind of change: how a set of them is carried out. */
export interface Command<I, O> {
  /** Returns what a command concerns: two of the same subject are never in one set. */
  subjectOf(input: I): string;
  /** About how many bytes it takes; absent: few. */
  bytesOf?(input: I): number;
  /** Begins the transaction of a set. */
  apply(inputs: readonly I[]): CommandCommit<O>;
  /** It may end deliveries; absent: it ends none. */
  endsDeliveries?: true;
  /**
   * Makes one command of two of a subject that wait together, which answers both; absent: both are carried out.
   */
  merge?(earlier: I, later: I): I;
}

/**
 * Changes that wait for the next cycle. Those of one subject, and those of different kinds, happen in the order in
 * which they came.
 */
export interface CommandQueue {
  /**
   * Resolves when the change is committed, with its entry of the audit log. Rejects with what its set failed with, or
   * at once with OVERLOADED.
   */
  add<I, O>(kind: Command<I, O>, input: I, entry?: AuditEntry): Promise<O>;
  /**
   * Takes the next set of like changes; undefined: none wait. The set is committed or refused.
   *
   * @param within about how many milliseconds its commit may take, by what earlier ones of its kind took; absent: any
   */
  take(within?: number): CommandSet | undefined;
  /** Rejects all that wait. */
  refuse(error: unknown): void;
  /** Number of commands that wait. */
  size(): number;
}

/** Changes of one kind that one transaction carries out. */
export interface CommandSet {
  /** True: they may end deliveries. */
  readonly endsDeliveries: boolean;
  /** Commits them. Never rejects: the callers are told. */
  commit(): Promise<void>;
  /** Rejects all of them. */
  refuse(error: unknown): void;
}

interface WaitingCommand {
  kind: Command<unknown, unknown>;
  subject: string;
  input: unknown;
  entries: AuditEntry[];
  bytes: number;
  since: number;
  callers: { resolve(output: unknown): void; reject(error: unknown): void }[];
}

const MAX_WAITING = 20_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Time that a command waits, in milliseconds: its caller has given up by then, and may have sent it again. */
const MAX_WAIT = 4000;
const MAX_SET = 500;
/** So many are in a set, if they wait, however slow the last one was. */
const MIN_SET = 16;
const MAX_SET_BYTES = 4_000_000;
const CHANGE_BYTES = 500;

/**
 * @param doubt told of commits that have failed
 * @param alongside given the entries of the audit log that the next commit is to keep
 */
export function createCommandQueue(
  doubt: Pick<CommitDoubt, 'note'>,
  alongside: StoreWriter['alongside'],
): CommandQueue {
  let waiting: WaitingCommand[] = [];
  let waitingBytes = 0;
  /** Milliseconds that one command of a kind took in its last set. */
  const costs = new Map<WaitingCommand['kind'], number>();

  function refuseOverdue(): void {
    const oldest = performance.now() - MAX_WAIT;
    if ((waiting[0]?.since ?? oldest) >= oldest) return;
    const overdue = waiting.filter(({ since }) => since < oldest);
    waiting = waiting.filter(({ since }) => since >= oldest);
    for (const change of overdue) {
      waitingBytes -= change.bytes;
      reject(change, new StoreUnavailable('OVERDUE'));
    }
  }

  /**
   * Takes those that wait before the first command of another kind, of each subject the first, with the others merged
   * into it where the kind can: otherwise the others of a subject hold up only themselves.
   */
  function takeSet(kind: WaitingCommand['kind'], most: number): WaitingCommand[] {
    const taken = new Map<string, WaitingCommand>();
    let left: WaitingCommand[] = [];
    let bytes = 0;
    for (const [index, change] of waiting.entries()) {
      if (change.kind !== kind || taken.size >= most || bytes >= MAX_SET_BYTES) {
        left = [...left, ...waiting.slice(index)];
        break;
      }
      const earlier = taken.get(change.subject);
      if (earlier === undefined) {
        taken.set(change.subject, change);
        bytes += change.bytes;
      } else if (kind.merge === undefined) {
        left.push(change);
        continue;
      } else {
        earlier.input = kind.merge(earlier.input, change.input);
        for (const caller of change.callers) earlier.callers.push(caller);
        for (const entry of change.entries) earlier.entries.push(entry);
      }
      waitingBytes -= change.bytes;
    }
    waiting = left;
    return [...taken.values()];
  }

  /**
   * Commits a set; if one of it is refused for what it is, the others all the same. Resolves with what the store is not
   * available for.
   */
  async function commitSet(changes: readonly WaitingCommand[]): Promise<StoreUnavailable | undefined> {
    const [first] = changes;
    if (first === undefined) return undefined;
    alongside(changes.flatMap(({ entries }) => entries));
    const { stored, committed } = first.kind.apply(changes.map((change) => change.input));
    let result: unknown;
    try {
      result = await stored;
    } catch (error) {
      // Where not even a transaction began.
      alongside([]);
      doubt.note(error, (isCommitted, late) => {
        if (isCommitted) committed(late);
      });
      const trouble = error instanceof StoreUnavailable ? error : undefined;
      if (trouble !== undefined || changes.length === 1) {
        for (const change of changes) reject(change, error);
        return trouble;
      }
      const middle = Math.ceil(changes.length / 2);
      const others = changes.slice(middle);
      const earlier = await commitSet(changes.slice(0, middle));
      if (earlier === undefined) return commitSet(others);
      for (const change of others) reject(change, earlier);
      return earlier;
    }
    const outputs = committed(result);
    for (const [index, { callers }] of changes.entries()) for (const caller of callers) caller.resolve(outputs[index]);
    return undefined;
  }

  return {
    add<I, O>(kind: Command<I, O>, input: I, entry?: AuditEntry) {
      const bytes = CHANGE_BYTES + (kind.bytesOf?.(input) ?? 0);
      if (waiting.length >= MAX_WAITING || waitingBytes + bytes > MAX_WAITING_BYTES) {
        return Promise.reject(new OnePushError('OVERLOADED'));
      }
      waitingBytes += bytes;
      const since = performance.now();
      return new Promise<O>((resolve, reject) => {
        // A change meets only its own kind: what `kind` is given is an I, and what it answers an O.
        const callers = [{ resolve, reject }];
        const entries = entry === undefined ? [] : [entry];
        const change = { kind, subject: kind.subjectOf(input), input, entries, bytes, since, callers };
        waiting.push(change as unknown as WaitingCommand);
      });
    },
    take(within = Number.POSITIVE_INFINITY) {
      refuseOverdue();
      const kind = waiting[0]?.kind;
      if (kind === undefined) return undefined;
      const affordable = Math.floor(within / (costs.get(kind) ?? 0));
      const changes = takeSet(kind, Math.min(MAX_SET, Math.max(MIN_SET, affordable)));
      return {
        endsDeliveries: kind.endsDeliveries === true,
        async commit() {
          const begun = performance.now();
          await commitSet(changes);
          costs.set(kind, (performance.now() - begun) / changes.length);
        },
        refuse(error) {
          for (const change of changes) reject(change, error);
        },
      };
    },
    refuse(error) {
      waitingBytes = 0;
      for (const change of waiting.splice(0)) reject(change, error);
    },
    size: () => waiting.length,
  };
}

function reject({ callers }: WaitingCommand, error: unknown): void {
  for (const caller of callers) caller.reject(error);
}
