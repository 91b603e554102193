import { describe, expect, it } from 'vitest';
import { createOutbox, type Outbox } from '../../../../edge/link/outbox.js';
import type { ReportedSession } from '../../../../edge/link/reported-session.js';
import { type EdgeBatch, SessionEvent_Kind as Kind } from '../../../../gen/onepush/link/v1/edge_link_pb.js';

/** Reports on a stream that the test lets take messages or not. */
function attachedReports(isOpen: (callId: number) => boolean) {
  const reports = createOutbox('an edge', isOpen);
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
  // Of a stream, reports use `write`.
  const used = stream as unknown as Parameters<Outbox['attached']>[0];
  const attach = (): void => {
    reports.hello(used);
    reports.attached(used);
  };
  attach();
  return { reports, sent, stream, attach };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session that no core has accepted yet, but for what is given. */
function session(given: Partial<ReportedSession>): ReportedSession {
  return { slot: 1, deviceId: 'a device', device: 0, generation: 0, ticket: 0, page: 0, through: 0, ...given };
}

function callOf(id: number, alert = 'x') {
  return { id, appId: 'a', secret: 's', request: { case: 'sendPush', value: { alert, extraJson: '' } } } as Parameters<
    Outbox['call']
  >[0];
}

describe('calls that wait while the stream takes nothing', () => {
  it('are not made when nobody waits for them any more', async () => {
    const given = new Set([3, 4]);
    const { reports, sent, stream } = attachedReports((id) => !given.has(id));
    stream.stop();
    for (const id of [1, 2]) {
      reports.call(callOf(id));
      await turn();
    }
    for (const id of [3, 4, 5]) reports.call(callOf(id));
    await turn();
    await stream.go();
    expect(sent.slice(1).map((batch) => batch.calls.map(({ id }) => id))).toEqual([[1], [2], [5]]);
  });

  it('are sent in messages of limited size, in their order', async () => {
    const { reports, sent, stream } = attachedReports(() => true);
    stream.stop();
    for (const id of [1, 2]) {
      reports.call(callOf(id));
      await turn();
    }
    for (let id = 3; id <= 100; id++) reports.call(callOf(id, 'x'.repeat(10_000)));
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
    const { reports, sent, stream } = attachedReports(() => true);
    for (let id = 1; id <= 250_000; id++) reports.delivered(session({ slot: id % 1000 }), id);
    for (let slot = 1; slot <= 50_000; slot++) reports.opened(session({ slot }));
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
    const { reports, sent, stream } = attachedReports(() => true);
    await stream.go();
    sent.length = 0;
    stream.stop();
    reports.processed(6, true);
    await turn();
    for (let slot = 1; slot <= 50_000; slot++) reports.stalled(session({ slot }));
    reports.processed(7, true);
    await turn();
    await stream.go();
    const events = sent.filter((batch) => batch.events.length > 0);
    expect(events.map((batch) => batch.events.length)).toEqual([20_000, 20_000, 10_000]);
    expect(sent.map(({ processed }) => processed)).toEqual([6, 6, 6, 7]);
  });

  it('begins anew with each stream, as do not its messages and attachments', async () => {
    const { reports, sent, stream, attach } = attachedReports(() => true);
    reports.processed(7, true);
    await stream.go();
    reports.delivered(session({}), 1);
    await stream.go();
    reports.detached();
    attach();
    reports.repeat();
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
    const { reports, sent, stream, attach } = attachedReports(() => true);
    reports.confirmed(accepted, 7);
    await stream.go();
    reports.committed(sent.at(-1)?.number ?? 0);
    reports.confirmed(accepted, 8);
    await stream.go();
    reports.closed(accepted);
    reports.detached();
    reports.left({ ...accepted, through: 10 });
    reports.left({ ...accepted, through: 0 });
    attach();
    reports.repeat();
    await stream.go();
    const shared = { device: 4, generation: 2 };
    expect(sent.at(-1)?.events).toMatchObject([
      { kind: Kind.CONFIRMED, ...shared, pushId: 8 },
      { kind: Kind.LEFT, ...shared, through: 9 },
      { kind: Kind.LEFT, ...shared, through: 10 },
    ]);
    const settled = reports.allCommitted();
    reports.committed(sent.at(-1)?.number ?? 0);
    await settled;
  });
});

describe('what sockets took', () => {
  const accepted = session({ slot: 3, device: 4, generation: 2, ticket: 99 });

  it('is said with the slot, and to the next core with what shows whose it is', async () => {
    const { reports, sent, stream, attach } = attachedReports(() => true);
    reports.delivered(accepted, 7);
    await stream.go();
    reports.committed(sent.at(-1)?.number ?? 0);
    reports.delivered(accepted, 8);
    await stream.go();
    expect(sent.at(-1)).toMatchObject({ delivered: [8], deliveredSlots: [3], events: [] });
    reports.delivered(accepted, 9);
    reports.detached();
    reports.deliveredLate(accepted, 10);
    attach();
    reports.repeat();
    reports.deliveredLate(accepted, 11);
    await stream.go();
    const { delivered, events } = sent.at(-1) ?? {};
    expect(delivered).toEqual([]);
    const shared = { kind: Kind.DELIVERED, device: 4, generation: 2, ticket: 99 };
    expect(events).toMatchObject([8, 9, 10, 11].map((deliveryId) => ({ ...shared, deliveryId })));
  });
});

describe('what an edge keeps that is not confirmed', () => {
  it('is told a core whole, in messages of as many as it takes', async () => {
    const { reports, sent, stream } = attachedReports(() => true);
    const kept = Array.from({ length: 25_000 }, (_, index) => index + 1);
    reports.unconfirmed(kept);
    await stream.go();
    expect(sent.slice(1).map(({ unconfirmed }) => unconfirmed.length)).toEqual([10_000, 10_000, 5000]);
    expect(sent.flatMap(({ unconfirmed }) => unconfirmed)).toEqual(kept);
  });
});
