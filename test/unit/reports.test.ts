import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createReports, type Reports } from '../../edge/link/reports.js';
import type { EdgeBatch } from '../../gen/onepush/link/v1/edge_link_pb.js';

/** Reports on a stream that the test lets take messages or not. */
function attachedReports(isOpen: (callId: number) => boolean) {
  const reports = createReports('an edge', isOpen);
  const sent: EdgeBatch[] = [];
  const stream = Object.assign(new EventEmitter(), {
    takes: true,
    write(batch: EdgeBatch) {
      sent.push(batch);
      return stream.takes;
    },
  });
  // Of a stream, reports use `write` and 'drain'.
  const attach = stream as unknown as Parameters<Reports['attached']>[0];
  reports.hello(attach);
  reports.attached(attach);
  return { reports, sent, stream };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function callOf(id: number, alert = 'x') {
  return { id, appId: 'a', secret: 's', request: { case: 'sendPush', value: { alert, extraJson: '' } } } as Parameters<
    Reports['call']
  >[0];
}

describe('calls that wait while the stream takes nothing', () => {
  it('are not made when nobody waits for them any more', async () => {
    const given = new Set([2, 3]);
    const { reports, sent, stream } = attachedReports((id) => !given.has(id));
    stream.takes = false;
    reports.call(callOf(1));
    await turn();
    for (const id of [2, 3, 4]) reports.call(callOf(id));
    await turn();
    stream.takes = true;
    stream.emit('drain');
    expect(sent.slice(1).map((batch) => batch.calls.map(({ id }) => id))).toEqual([[1], [4]]);
  });

  it('are sent in messages of about a megabyte each, in their order', async () => {
    const { reports, sent, stream } = attachedReports(() => true);
    stream.takes = false;
    reports.call(callOf(1));
    await turn();
    for (let id = 2; id <= 100; id++) reports.call(callOf(id, 'x'.repeat(60_000)));
    await turn();
    stream.takes = true;
    stream.emit('drain');
    const batches = sent.slice(1).map((batch) => batch.calls.map(({ id }) => id));
    expect(batches.flat()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(Math.max(...batches.map((ids) => ids.length))).toBeLessThan(10);
    expect(sent.map((batch) => batch.number)).toEqual(sent.map((_, index) => index + 1));
  });
});
