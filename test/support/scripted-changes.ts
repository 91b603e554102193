import type { Command, CommandCommit } from '../../core/delivery/writer/command-queue.js';

/** A kind of change whose sets the test carries out; each input is its own subject and its own answer. */
export function changeKind<I>(
  carryOut: (inputs: readonly I[]) => unknown = () => undefined,
  more: Pick<Command<I, I>, 'bytesOf' | 'endsDeliveries'> & { committed?: (inputs: readonly I[]) => void } = {},
): Command<I, I> {
  const { committed, ...rest } = more;
  return {
    ...rest,
    subjectOf: String,
    apply: (inputs) => ({
      stored: Promise.resolve().then(() => carryOut(inputs)),
      committed() {
        committed?.(inputs);
        return inputs;
      },
    }),
  };
}

/**
 * Carries a set of changes out, and does what follows. Resolves with the answers; rejects with what the store fails
 * with.
 */
export async function carriedOut<O>({ stored, committed }: CommandCommit<O>): Promise<readonly O[]> {
  return committed(await stored);
}
