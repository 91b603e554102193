import type { Consumer, Outcome } from './inbox.js';
import type { Message } from './message.js';

/** An async iterator of messages, and its end. */
export interface MessageIterator {
  /** For `for await`. */
  readonly iterator: AsyncIterableIterator<Message>;
  /** Takes messages for it. */
  readonly consumer: Consumer;
  /** No more come: it ends once the loop asks for the next. */
  end(): void;
}

/** The message that it was given last. */
interface Given {
  readonly message: Message;
  readonly settle: (outcome: Outcome) => void;
  /** The loop has it. */
  isTaken: boolean;
}

/**
 * Returns an iterator. A message is handled when the loop asks for the next one; a loop that ends by `break`, `return`
 * or a throw, which look the same, has left its last message.
 *
 * @param detach called once, when the loop has ended
 */
export function createMessageIterator(detach: () => void): MessageIterator {
  let given: Given | undefined;
  let ask: ((result: IteratorResult<Message>) => void) | undefined;
  let isEnded = false;
  const done = { done: true, value: undefined } as const;

  function settle(outcome: Outcome): void {
    given?.settle(outcome);
    given = undefined;
  }

  function answer(): void {
    if (ask === undefined) return;
    if (given !== undefined) {
      given.isTaken = true;
      ask({ done: false, value: given.message });
    } else if (isEnded) ask(done);
    else return;
    ask = undefined;
  }

  function end(): void {
    if (isEnded) return;
    isEnded = true;
    detach();
    settle(given?.isTaken ? 'left' : 'untouched');
    answer();
  }

  return {
    end,
    consumer: (message) =>
      new Promise((resolve) => {
        if (isEnded) {
          resolve('untouched');
          return;
        }
        given = { message, settle: resolve, isTaken: false };
        answer();
      }),
    iterator: {
      next() {
        if (given?.isTaken) settle('handled');
        return new Promise((resolve) => {
          ask = resolve;
          answer();
        });
      },
      async return() {
        end();
        return done;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}
