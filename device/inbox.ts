import type { Message } from './message.js';

/** End of a message that a consumer was given; `untouched`: it has not looked at it. Others count as `handled`. */
export type Outcome = 'handled' | 'left' | 'untouched';

/** Takes messages, one at a time: the next one comes when its promise has settled. */
export type Consumer = (message: Message) => Promise<Outcome>;

/** Hands messages over in their order, one after the other, and keeps them while nobody listens or somebody is slow. */
export interface Inbox {
  /** Adds a message. */
  offer(message: Message): void;
  /** Adds a consumer. Returns what removes it. */
  add(consumer: Consumer): () => void;
  /** Drops the message with this id, if it waits. */
  drop(id: string): void;
  /** Drops what waits. */
  clear(): void;
}

/** Most that may wait. */
const MOST = { messages: 1_000, characters: 4_000_000 };

/** Returns an inbox without consumers. */
export function createInbox(parts: {
  /** All consumers are done with a message; false: one has failed, or left it. */
  done: (message: Message, isHandled: boolean) => void;
  /** A consumer has failed. */
  failed: (error: unknown) => void;
  /** So much waits that nothing more should come; or that is over. */
  full: (isFull: boolean) => void;
}): Inbox {
  const consumers = new Set<Consumer>();
  let queue: Message[] = [];
  let characters = 0;
  let isRunning = false;
  let isFull = false;

  function weigh(): void {
    const share = isFull ? 0.5 : 1;
    const next = queue.length > MOST.messages * share || characters > MOST.characters * share;
    if (next === isFull) return;
    isFull = next;
    parts.full(isFull);
  }

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    for (let message = take(); message !== undefined; message = take()) {
      const given = message;
      const outcomes = await Promise.all([...consumers].map((consume) => give(consume, given)));
      if (outcomes.every((outcome) => outcome === 'untouched')) putBack(given);
      else parts.done(given, !outcomes.includes('left'));
    }
    isRunning = false;
  }

  async function give(consume: Consumer, message: Message): Promise<Outcome> {
    try {
      return await consume(message);
    } catch (error) {
      parts.failed(error);
      return 'left';
    }
  }

  function take(): Message | undefined {
    if (consumers.size === 0) return undefined;
    const message = queue.shift();
    characters -= message?.raw.length ?? 0;
    weigh();
    return message;
  }

  function putBack(message: Message): void {
    queue.unshift(message);
    characters += message.raw.length;
  }

  return {
    offer(message) {
      queue.push(message);
      characters += message.raw.length;
      weigh();
      void run();
    },
    add(consumer) {
      consumers.add(consumer);
      void run();
      return () => consumers.delete(consumer);
    },
    drop(id) {
      queue = queue.filter((message) => message.id !== id);
      characters = queue.reduce((sum, { raw }) => sum + raw.length, 0);
      weigh();
    },
    clear() {
      queue = [];
      characters = 0;
      weigh();
    },
  };
}
