import type { Item } from './wire.js';

/** A message of the core. */
export interface Incoming {
  /** The number of the message. */
  readonly number: number;
  /** Its items, in their order. */
  readonly items: readonly Item[];
}

/**
 * Items of the core's messages, done in their order and in turns: a push to very many sessions does not keep sockets,
 * requests and the answers to calls waiting. What comes meanwhile is done together.
 */
export interface InboundQueue {
  /** Does what the message asks for: at once, as far as nothing before it is under way and its first turn goes. */
  add(message: Incoming): void;
  /** The link is gone: nothing of what waits is done. */
  drop(): void;
}

/** Beyond so many bytes of waiting messages the link is not read. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** About as many bytes as an item costs beside its frames. */
const ITEM_BYTES = 64;

/** Returns an empty queue. */
export function createInboundQueue(options: {
  /** Does the items of the messages up to this one. Yields where something else may have its turn. */
  work: (items: readonly Item[], number: number) => Iterator<void>;
  /** All up to the message with this number is done. `items`: those that were done since the last time. */
  done: (done: Incoming) => void;
  /** void; => Has the link read, or not read. */
  read: (wanted: boolean) => void;
}): InboundQueue {
  let current: { readonly work: Iterator<void>; readonly what: Incoming } | undefined;
  let waiting: Incoming[] = [];
  let waitingBytes = 0;
  let next: NodeJS.Immediate | undefined;

  function begin(messages: readonly Incoming[]): void {
    const last = messages.at(-1);
    if (last === undefined) return;
    const items = messages.length === 1 ? last.items : messages.flatMap((message) => message.items);
    current = { work: options.work(items, last.number), what: { number: last.number, items } };
  }

  function turn(): void {
    next = undefined;
    while (current !== undefined) {
      if (!current.work.next().done) {
        next = setImmediate(turn);
        return;
      }
      const { what } = current;
      current = undefined;
      options.done(what);
      begin(takeWaiting());
    }
  }

  function takeWaiting(): Incoming[] {
    const taken = waiting;
    if (waitingBytes > MAX_WAITING_BYTES) options.read(true);
    waiting = [];
    waitingBytes = 0;
    return taken;
  }

  return {
    add(message) {
      if (current === undefined) {
        begin([message]);
        turn();
        return;
      }
      const before = waitingBytes;
      waiting.push(message);
      for (const item of message.items) waitingBytes += sizeOf(item);
      if (before <= MAX_WAITING_BYTES && waitingBytes > MAX_WAITING_BYTES) options.read(false);
    },
    drop() {
      if (next !== undefined) clearImmediate(next);
      next = undefined;
      current?.work.return?.();
      current = undefined;
      takeWaiting();
    },
  };
}

function sizeOf({ item }: Item): number {
  if (item.case === 'delivery') return ITEM_BYTES + item.value.frame.length + 16 * item.value.slots.length;
  if (item.case === 'publication') return ITEM_BYTES + item.value.frame.length + item.value.iosFrame.length;
  return ITEM_BYTES;
}
