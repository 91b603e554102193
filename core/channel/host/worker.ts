import { parentPort, workerData } from 'node:worker_threads';
import type { Channel as ChannelName } from '../../domain/channel.js';
import type { Channel } from '../channel.js';
import type { ChannelKinds } from '../host.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

/**
 * The thread in which the vendors' work is done, started by thread.ts: it opens channels and sends through them. It
 * bounds nothing itself: whoever gives it orders does.
 */
const port = parentPort;
if (port === null) throw new Error('this is a thread and no program');
// It was given by thread.ts.
const { kinds } = workerData as ThreadData;
// The module is named by whoever started the thread, and exports this.
const { CHANNEL_KINDS } = (await import(kinds)) as { CHANNEL_KINDS: ChannelKinds };

/** Undefined: its settings cannot be used. */
const channels = new Map<number, Channel | undefined>();
let answers: FromThread[] = [];

function answer(id: number, result: FromThread['result']): void {
  answers.push({ id, result });
  // What is answered in one turn of the loop crosses together.
  if (answers.length > 1) return;
  setImmediate(() => {
    port?.postMessage(answers);
    answers = [];
  });
}

function open(name: ChannelName, settings: unknown): Channel | undefined {
  try {
    const kind = CHANNEL_KINDS.get(name);
    return kind?.open(kind.parseSettings(settings));
  } catch {
    return undefined;
  }
}

async function obey(order: ToThread): Promise<void> {
  switch (order.kind) {
    case 'open':
      channels.set(order.channel, open(order.name, order.settings));
      return;
    case 'close': {
      const closed = channels.get(order.channel);
      channels.delete(order.channel);
      await closed?.close();
      return;
    }
    case 'send': {
      const outcome = channels.get(order.channel)?.send(order.target, order.message);
      answer(order.id, (await outcome) ?? { kind: 'channel_down', reason: 'bad_settings' });
      return;
    }
    case 'probe': {
      const result = channels.get(order.channel)?.probe();
      answer(order.id, (await result) ?? { kind: 'refused', reason: 'bad_settings' });
    }
  }
}

port.on('message', (orders: readonly ToThread[]) => {
  // A channel that rejects breaks its promise: then the thread ends, and is started again.
  for (const order of orders) void obey(order);
});
