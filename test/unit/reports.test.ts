import { describe, expect, it } from 'vitest';
import { createReports, type ReportedSession, type Reports } from '../../edge/link/reports.js';
import type { EdgeBatch } from '../../gen/onepush/link/v1/edge_link_pb.js';

/** Reports on a stream that the test lets take messages or not. */
function attachedReports(isOpen: (callId: number) => boolean) {
  const reports = createReports('an edge', isOpen);
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
  const attach = stream as unknown as Parameters<Reports['attached']>[0];
  reports.hello(attach);
  reports.attached(attach);
  return { reports, sent, stream };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session that no core has accepted yet, but for what is given. */
function session(given: Partial<ReportedSession>): ReportedSession {
  return { slot: 1, deviceId: 'a device', device: 0, generation: 0, page: 0, through: 0, ...given };
}

function callOf(id: number, alert = 'x') {
  return { id, appId: 'a', secret: 's', request: { case: 'sendPush', value: { alert, extraJson: '' } } } as Parameters<
    Reports['call']
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
    for (let id = 1; id <= 250_000; id++) reports.delivered(id);
    for (let slot = 1; slot <= 50_000; slot++) reports.opened(session({ slot }));
    for (let turns = 0; turns < 20; turns++) await turn();
    await stream.go();
    for (const { delivered, events } of sent) expect(delivered.length * 8 + events.length * 80).toBeLessThan(3_000_000);
    const withEvents = sent.findIndex(({ events }) => events.length > 0);
    expect(sent.slice(withEvents + 1).flatMap(({ delivered }) => delivered)).toEqual([]);
    expect(sent.flatMap(({ delivered }) => delivered)).toHaveLength(250_000);
    const slots = sent.flatMap(({ events }) => events.map(({ slot }) => slot));
    expect(slots).toEqual(Array.from({ length: 50_000 }, (_, index) => index + 1));
  });
});
