import { beforeEach, describe, expect, it } from 'vitest';
import type { Span, SpanOptions, TraceContext, Tracer } from '../../../../../common/tracing/tracer.js';
import { createPushTraces, type PushTraces } from '../../../../../core/delivery/tracing/push-traces.js';

interface Recorded {
  name: string;
  options: SpanOptions;
  attributes: Record<string, unknown>;
  events: string[];
  failed: string | undefined;
  ended: boolean;
  context: TraceContext;
}

let spans: Recorded[];
let time: number;
let traces: PushTraces;
const caller: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

const tracer: Tracer = {
  start(name, options) {
    const context = { ...caller, spanId: String(spans.length).padStart(16, '0') };
    const attributes = { ...options.attributes };
    const recorded: Recorded = { name, options, attributes, events: [], failed: undefined, ended: false, context };
    spans.push(recorded);
    const span: Span = {
      context,
      set: (more) => void Object.assign(recorded.attributes, more),
      event: (event) => void recorded.events.push(event),
      fail(reason) {
        recorded.failed = reason;
      },
      end() {
        expect(recorded.ended, `${name} is ended once`).toBe(false);
        recorded.ended = true;
      },
    };
    return span;
  },
  read: () => undefined,
  write: ({ spanId }) => ({ traceparent: `of ${spanId}`, tracestate: '' }),
};

beforeEach(() => {
  spans = [];
  time = 1_000_000;
  traces = createPushTraces(tracer, () => time);
});

type Cycle = Parameters<PushTraces['watch']>[0];
const cycle: Cycle = { delivered: () => {}, confirmed: () => {}, published: () => {} };
const NONE = { delivered: [], lateDelivered: [], confirmed: [], cursors: [], published: [] };
const trace: Span = { context: caller, set() {}, event() {}, fail() {}, end() {} };

type Commit = Parameters<PushTraces['committed']>[0];

/** Commits a push to these devices; the delivery to device n has the id 1000 + n. No devices: to a topic. */
function commit(id: number, deviceNums: readonly number[], { lifetime = 3_600_000, isTraced = true } = {}): void {
  const deliveries = deviceNums.map((deviceNum) => ({ id: 1000 + deviceNum, deviceNum }));
  const target = deviceNums.length > 0 ? { kind: 'directed', deliveries } : { kind: 'topics', topicNums: [1] };
  const queued = { caller: { cancelled: false, ...(isTraced ? { trace } : {}) } };
  const made = { push: { id, expiresAt: time + lifetime }, target };
  // The parts of a push that are looked at.
  traces.committed({ batch: [queued], made: [made], settled: NONE, startedAt: time } as unknown as Commit);
}

function handOut(id: number, deviceNum: number, { needConfirm = false, slot = 7 } = {}): void {
  const session = { edge: { label: 'edge' }, slot, device: { num: deviceNum } };
  const [own, push] = [session, { id, needConfirm }] as unknown as Parameters<PushTraces['handedOut']>;
  traces.handedOut(own, push, 1000 + deviceNum);
}

function settle(settled: Partial<Commit['settled']>): void {
  traces.committed({ batch: [], made: [], settled: { ...NONE, ...settled }, startedAt: time });
}

const delivers = () => spans.filter(({ name }) => name === 'deliver');
const stateOf = (span: Recorded | undefined) => span?.ended && span.attributes['onepush.delivery.state'];

describe('the deliveries of a traced push', () => {
  it('are recorded from their handing out to their settlement, those of other pushes not at all', () => {
    commit(1, [5, 6]);
    commit(2, [5], { isTraced: false });
    handOut(1, 5);
    handOut(2, 5);
    traces.watch(cycle).delivered([1005]);
    settle({ delivered: [1005, 1006] });
    expect(delivers()).toHaveLength(1);
    expect(delivers()[0]).toMatchObject({ events: ['handed out', 'acknowledged'] });
    expect(delivers()[0]?.options.parent).toEqual(spans[0]?.context);
    expect(stateOf(delivers()[0])).toBe('delivered');
  });

  it('end as what has ended them', () => {
    commit(1, [1, 2, 3, 4, 5, 6, 7]);
    for (const deviceNum of [1, 2, 3, 4, 5, 6, 7]) handOut(1, deviceNum, { needConfirm: true });
    settle({ confirmed: [{ deviceNum: 1, pushId: 1 }] });
    settle({ lateDelivered: [{ deviceNum: 2, deliveryId: 1002 }] });
    traces.ended([{ deviceNum: 3, pushId: 1 }], 'evicted');
    traces.unregistered(4);
    traces.sessionEnded(5);
    traces.recalled(1);
    traces.stop();
    const states = delivers().map(stateOf);
    expect(states).toEqual(['confirmed', 'delivered', 'evicted', 'discarded', 'pending', 'recalled', 'recalled']);
  });

  it('wait for their commit where the session ends behind the acknowledgement', () => {
    commit(1, [1]);
    handOut(1, 1);
    const settlements = traces.watch(cycle);
    settlements.delivered([1001]);
    traces.sessionEnded(1);
    expect(delivers()[0]?.ended).toBe(false);
    settle({ delivered: [1001] });
    expect(stateOf(delivers()[0])).toBe('delivered');
  });

  it('of a device that comes back are another span; much later, one of another trace with a link', () => {
    commit(1, [1]);
    handOut(1, 1);
    handOut(1, 1, { slot: 8 });
    expect(delivers()[0]?.events).toEqual(['handed out', 'handed out again']);
    traces.sessionEnded(1);
    time += 60_000;
    handOut(1, 1);
    traces.sessionEnded(1);
    time += 3_000_000;
    handOut(1, 1);
    const [commitSpan] = spans;
    expect(delivers().map(({ options }) => [options.parent, options.follows])).toEqual([
      [commitSpan?.context, undefined],
      [commitSpan?.context, undefined],
      [undefined, commitSpan?.context],
    ]);
    settle({ delivered: [1001] });
    expect(stateOf(delivers()[2])).toBe('delivered');
  });

  it('that are confirmed over HTTP, without a session, are recorded for the devices of the push alone', () => {
    commit(1, [1]);
    const settlements = traces.watch(cycle);
    settlements.confirmed({ deviceNum: 1, pushId: 1 });
    settlements.confirmed({ deviceNum: 2, pushId: 1 });
    settle({ confirmed: [1, 2].map((deviceNum) => ({ deviceNum, pushId: 1 })) });
    expect(delivers().map(stateOf)).toEqual(['confirmed']);
  });

  it('are those of its first 20 devices', () => {
    commit(
      1,
      Array.from({ length: 50 }, (_, index) => index),
    );
    for (let deviceNum = 0; deviceNum < 50; deviceNum++) handOut(1, deviceNum);
    expect(delivers()).toHaveLength(20);
  });

  it('leave nothing open, and no more than 100 spans of a push', () => {
    commit(1, [1]);
    for (let again = 0; again < 200; again++) {
      handOut(1, 1);
      traces.sessionEnded(1);
    }
    expect(delivers()).toHaveLength(100);
    expect(delivers().every(({ ended }) => ended)).toBe(true);
  });
});

describe('a traced push', () => {
  it('is known until 10,000 others have come', () => {
    for (let id = 1; id <= 10_000; id++) commit(id, [1]);
    expect(traces.headersOf(1)).toEqual({ traceparent: `of ${spans[0]?.context.spanId}`, tracestate: '' });
    commit(10_001, [1]);
    expect(traces.headersOf(1)).toBeUndefined();
    expect(traces.headersOf(2)).toBeDefined();
  });

  it('of a job is a part of the trace that has brought the job', () => {
    traces.scheduled(7, trace, 1000);
    const queued = { job: { id: 7, from: 0, after: 1, done: true } };
    const made = { push: { id: 8, expiresAt: time + 1000 }, target: { kind: 'directed', deliveries: [] } };
    traces.committed({ batch: [queued], made: [made], settled: NONE, startedAt: time } as unknown as Commit);
    expect(spans[0]).toMatchObject({ name: 'commit', options: { parent: caller } });
    expect(traces.headersOf(8)).toBeDefined();
  });

  it('says why it was not committed', () => {
    type Failed = Parameters<PushTraces['failed']>;
    const batch = [{ caller: { cancelled: false, trace } }, { caller: { cancelled: false } }] as unknown as Failed[0];
    traces.failed(batch, time, 'ECONNREFUSED');
    expect(spans).toMatchObject([{ name: 'commit', failed: 'ECONNREFUSED', ended: true }]);
    expect(traces.headersOf(1)).toBeUndefined();
  });

  it('has its wakes, as the vendors answer them', () => {
    commit(1, [1]);
    type Wake = Parameters<PushTraces['wake']>[0];
    const due = { pushId: 1, deviceNum: 1, channel: 'APNS', attempt: 0 } as unknown as Wake;
    const wake = traces.wake(due);
    expect(wake?.headers.traceparent).toBe(`of ${spans[1]?.context.spanId}`);
    wake?.ended({ kind: 'token_dead', reason: 'Unregistered' });
    expect(spans[1]).toMatchObject({ name: 'wake', failed: 'Unregistered', ended: true });
    expect(spans[1]?.attributes).toMatchObject({ 'onepush.wake.outcome': 'token_dead', 'onepush.wake.attempt': 1 });
    expect(traces.wake({ ...due, deviceNum: 2 })).toBeUndefined();
    expect(traces.wake({ ...due, pushId: 2 })).toBeUndefined();
  });
});
