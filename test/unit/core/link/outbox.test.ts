import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createEdgeOutbox } from '../../../../core/link/outbox.js';
import { createTickets } from '../../../../core/link/tickets.js';
import type { CoreBatch } from '../../../../gen/onepush/link/v1/edge_link_pb.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function outboxOn(handed: () => number) {
  const sent: CoreBatch[] = [];
  const stream = Object.assign(new EventEmitter(), { write: (batch: CoreBatch) => sent.push(batch) > 0 });
  // Of a stream, an outbox uses `write` and 'drain'.
  const outbox = createEdgeOutbox(stream as unknown as Parameters<typeof createEdgeOutbox>[0], {
    edgeId: 'edge',
    tickets: createTickets('key'),
    sessions: () => 1,
    handed,
    full: () => expect.unreachable(),
  });
  return { outbox, sent };
}

describe('what devices of an edge are known to have received', () => {
  const message = (pushId: number) => ({ pushId, frame: Buffer.alloc(600_000), confirmUntil: 0 });

  it('ends before the pushes of a commit that are still in later messages', async () => {
    let handed = 10;
    const { outbox, sent } = outboxOn(() => handed);
    // One commit, too large for one message.
    for (const pushId of [11, 12, 13]) outbox.deliver(1, message(pushId), undefined);
    handed = 13;
    await turn();
    expect(sent.map((batch) => batch.items.length)).toEqual([2, 1]);
    outbox.acknowledge(1);
    expect(outbox.acknowledged()).toEqual({ batch: 1, through: 10 });
    outbox.acknowledge(2);
    expect(outbox.acknowledged()).toEqual({ batch: 2, through: 13 });
  });
});
