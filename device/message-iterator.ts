import type { Device } from './device.js';
import type { Outcome } from './inbox.js';
import type { Message } from './message.js';

/** The message that it was given last. */
interface Given {
  readonly message: Message;
  readonly settle: (outcome: Outcome) => void;
  /** The loop has it. */
  isTaken: boolean;
}

/**
 * Returns messages of a device for `for await`, until it is closed. A message is handled when the loop asks for the
 * next one. A loop that ends by `break`, `return` or a throw, which look the same, has left its last message: it is
 * not confirmed by itself.
 *
 * @example
 * for await (const message of messagesOf(device)) await handle(message);
 */
export function messagesOf(device: Device): AsyncIterableIterator<Message> {
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
    for (const remove of added.splice(0)) remove();
    settle(given?.isTaken ? 'left' : 'untouched');
    answer();
  }

  const added = [
    device.on(
      'message',
      (message) =>
        new Promise<Outcome>((resolve) => {
          given = { message, settle: resolve, isTaken: false };
          answer();
        }),
    ),
    device.on('closed', end),
  ];
  if (device.state.name === 'closed') end();

  return {
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
  };
}
