import { describe, expect, it } from 'vitest';
import { createOutbox, type Outbox, type OutgoingCall } from '../../../../edge/link/outbox.js';
import type { ReportedSession } from '../../../../edge/link/session-reports.js';
import {
  type EdgeBatch,
  SessionEvent_Kind as Kind,
  SessionEvent_End as SessionEnd,
} from '../../../../gen/onepush/link/v1/edge_link_pb.js';

/** An outbox on a stream that the test lets take messages or not. */
function attachedOutbox() {
  const outbox = createOutbox('an edge');
  const sent: EdgeBatch[] = [];
  let takes = true;
  let untaken: (() => void)[] = [];
  const stream = {
    write(batch: EdgeBatch, done: () => void = () => {}) {
      sent.push(batch);
      if (takes) setImmediate(done);
      else untaken.push(done);
    },
    stop: () => {
      takes = false;
    },
    async go() {
      takes = true;
      for (const done of untaken) done();
      untaken = [];
      for (let turns = 0; turns < 500; turns++) await turn();
    },
  };
  // Of a stream, an outbox uses `write`.
  const used = stream as unknown as Parameters<Outbox['attached']>[0];
  const attach = (): void => {
    outbox.hello(used);
    outbox.attached(used);
  };
  attach();
  return { outbox, sent, stream, attach };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session that no core has accepted yet, but for what is given. */
function session(given: Partial<ReportedSession>): ReportedSession {
  const fresh = { device: 0, generation: 0, ticket: 0, page: 0, through: 0, resumedFrom: '' };
  return { slot: 1, deviceId: 'a device', ...fresh, ...given };
}

function callOf(id: number, alert = 'x') {
  const call = { id, appId: 'a', secret: 's', request: { case: 'sendPush', value: { alert, extraJson: '' } } };
  // Of a push, an outbox looks at its size.
  return { call: call as unknown as OutgoingCall['call'], isOpen: true };
}

describe('calls that wait while the stream takes nothing', () => {
  it('are not made when nobody waits for them any more', async () => {
    const { outbox, sent, stream } = attachedOutbox();
    stream.stop();
    for (const id of [1, 2]) {
      outbox.call(callOf(id));
      await turn();
    }
    for (const id of [3, 4]) {
      const givenUp = callOf(id);
      outbox.call(givenUp);
      givenUp.isOpen = false;
    }
    outbox.call(callOf(5));
    await turn();
    await stream.go();
    expect(sent.slice(1).map((batch) => batch.calls.map(({ id }) => id))).toEqual([[1], [2], [5]]);
  });

  it('are sent in messages of limited size, in their order', async () => {
    const { outbox, sent, stream } = attachedOutbox();
    stream.stop();
    for (const id of [1, 2]) {
      outbox.call(callOf(id));
      await turn();
    }
    for (let id = 3; id <= 100; id++) outbox.call(callOf(id, 'x'.repeat(10_000)));
    await turn();
    await stream.go();
    const batches = sent.slice(1).map((batch) => batch.calls.map(({ id }) => id));
    expect(batches.flat()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(Math.max(...batches.map((ids) => ids.length))).toBeLessThan(10);
    expect(sent.map((batch) => batch.number)).toEqual(sent.map((_, index) => index + 1));
  });
});

describe('what a large edge has to report at once', () => {
  it('is sent in messages of limited size: what was delivered, then events in their order', async () => {
    const { outbox, sent, stream } = attachedOutbox();
    for (let id = 1; id <= 250_000; id++) outbox.delivered(session({ slot: id % 1000 }), id);
    for (let slot = 1; slot <= 50_000; slot++) outbox.opened(session({ slot }));
    for (let turns = 0; turns < 20; turns++) await turn();
    await stream.go();
    for (const { delivered, events } of sent) expect(delivered.length * 8 + events.length * 80).toBeLessThan(3_000_000);
    const withEvents = sent.findIndex(({ events }) => events.length > 0);
    expect(sent.slice(withEvents + 1).flatMap(({ delivered }) => delivered)).toEqual([]);
    expect(sent.flatMap(({ delivered }) => delivered)).toHaveLength(250_000);
    for (const { delivered, deliveredSlots } of sent) expect(deliveredSlots).toEqual(delivered.map((id) => id % 1000));
    const slots = sent.flatMap(({ events }) => events.map(({ slot }) => slot));
    expect(slots).toEqual(Array.from({ length: 50_000 }, (_, index) => index + 1));
  });
});

describe('what an edge says that it has handled', () => {
  it('goes with the last part of what that led to, when that is more than a message has', async () => {
    const { outbox, sent, stream } = attachedOutbox();
    await stream.go();
    sent.length = 0;
    stream.stop();
    outbox.processed(6, true);
    await turn();
    for (let slot = 1; slot <= 50_000; slot++) outbox.stalled(session({ slot }));
    outbox.processed(7, true);
    await turn();
    await stream.go();
    const events = sent.filter((batch) => batch.events.length > 0);
    expect(events.map((batch) => batch.events.length)).toEqual([20_000, 20_000, 10_000]);
    expect(sent.map(({ processed }) => processed)).toEqual([6, 6, 6, 7]);
  });

  it('begins anew with each stream, as do not its messages and attachments', async () => {
    const { outbox, sent, stream, attach } = attachedOutbox();
    outbox.processed(7, true);
    await stream.go();
    outbox.delivered(session({}), 1);
    await stream.go();
    outbox.detached();
    attach();
    outbox.repeat();
    await stream.go();
    expect(sent.map(({ number, processed, hello }) => [number, processed, hello?.attachment])).toEqual([
      [1, 0, 1],
      [2, 7, undefined],
      [3, 7, undefined],
      [4, 0, 2],
      [5, 0, undefined],
    ]);
    expect(new Set(sent.flatMap(({ hello }) => hello?.edgeId ?? []))).toEqual(new Set(['an edge']));
  });
});

describe('what a device has confirmed, and how far its socket got', () => {
  const accepted = session({ device: 4, generation: 2, through: 9 });

  it('is said again to the next core until it is committed, with the registration that it was for', async () => {
    const { outbox, sent, stream, attach } = attachedOutbox();
    outbox.confirmed(accepted, 7);
    await stream.go();
    outbox.committed(sent.at(-1)?.number ?? 0);
    outbox.confirmed(accepted, 8);
    await stream.go();
    outbox.closed(accepted, SessionEnd.UNSPECIFIED);
    outbox.detached();
    outbox.left({ ...accepted, through: 10 });
    outbox.left({ ...accepted, through: 0 });
    attach();
    outbox.repeat();
    await stream.go();
    const shared = { device: 4, generation: 2 };
    expect(sent.at(-1)?.events).toMatchObject([
      { kind: Kind.CONFIRMED, ...shared, pushId: 8 },
      { kind: Kind.LEFT, ...shared, through: 9 },
      { kind: Kind.LEFT, ...shared, through: 10 },
    ]);
    const settled = outbox.allCommitted();
    outbox.committed(sent.at(-1)?.number ?? 0);
    await settled;
  });
});

describe('what sockets took', () => {
  const accepted = session({ slot: 3, device: 4, generation: 2, ticket: 99 });

  it('is said with the slot, and to the next core with what shows whose it is', async () => {
    const { outbox, sent, stream, attach } = attachedOutbox();
    outbox.delivered(accepted, 7);
    await stream.go();
    outbox.committed(sent.at(-1)?.number ?? 0);
    outbox.delivered(accepted, 8);
    await stream.go();
    expect(sent.at(-1)).toMatchObject({ delivered: [8], deliveredSlots: [3], events: [] });
    outbox.delivered(accepted, 9);
    outbox.detached();
    outbox.deliveredLate(accepted, 10);
    attach();
    outbox.repeat();
    outbox.deliveredLate(accepted, 11);
    await stream.go();
    const { delivered, events } = sent.at(-1) ?? {};
    expect(delivered).toEqual([]);
    const shared = { kind: Kind.DELIVERED, device: 4, generation: 2, ticket: 99 };
    expect(events).toMatchObject([8, 9, 10, 11].map((deliveryId) => ({ ...shared, deliveryId })));
  });
});

describe('what an edge keeps that is not confirmed', () => {
  it('is told a core whole, in messages of as many as it takes', async () => {
    const { outbox, sent, stream } = attachedOutbox();
    const kept = Array.from({ length: 25_000 }, (_, index) => index + 1);
    outbox.unconfirmed(kept);
    await stream.go();
    expect(sent.slice(1).map(({ unconfirmed }) => unconfirmed.length)).toEqual([10_000, 10_000, 5000]);
    expect(sent.flatMap(({ unconfirmed }) => unconfirmed)).toEqual(kept);
  });
});
