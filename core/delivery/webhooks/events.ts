import { createHash } from 'node:crypto';
import type { TraceHeaders } from '../../../common/tracing/tracer.js';
import type { StreamEntry } from '../../domain/queries.js';
import type { Webhook } from '../../domain/webhook.js';

/** An event as it is sent. */
export interface WebhookEventText {
  /** The same whenever it is told. */
  readonly id: string;
  /** JSON of it. */
  readonly json: string;
  /** Time of the end that it tells of, in milliseconds since the epoch. */
  readonly at: number;
  /** Headers by which the back end continues the trace of its push; absent: it is not known. */
  readonly trace?: TraceHeaders | undefined;
}

/** Finds the headers by which whoever is told of a push continues its trace. */
export type FindTrace = (pushId: number) => TraceHeaders | undefined;

/** Returns true if a webhook tells of an entry of the stream of receipts. */
export function isToldBy({ appNum, events }: Pick<Webhook, 'appNum' | 'events'>, entry: StreamEntry): boolean {
  if (entry.appNum !== appNum) return false;
  return 'wake' in entry ? events !== 'receipts' : events !== 'wakes';
}

/** Returns the event of an entry, without content of its message: its id is the same whenever it is told. */
export function toEvent(entry: StreamEntry, findTrace?: FindTrace): WebhookEventText {
  const { position, requestId, deviceId, alias } = entry;
  const { seq, pushId, deviceNum } = position;
  const subject = { requestId: String(requestId), messageId: String(pushId), deviceId, alias };
  const trace = findTrace?.(pushId);
  const traced = trace && { traceparent: trace.traceparent };
  if ('wake' in entry) {
    const { channel, state, reason = '', attempts, at } = entry.wake;
    const id = idOf('evt', ['wake', seq, pushId, deviceNum, channel]);
    const wake = { channel, state: state.toUpperCase(), reason, attempts, time: toTime(at) };
    return { id, json: JSON.stringify({ type: 'wake.ended', id, ...subject, ...wake, ...traced }), at, trace };
  }
  const id = idOf('evt', ['delivery', seq, pushId, deviceNum]);
  const end = { state: entry.state.toUpperCase(), time: toTime(entry.endedAt) };
  const json = JSON.stringify({ type: 'delivery.ended', id, ...subject, ...end, ...traced });
  return { id, json, at: entry.endedAt, trace };
}

/**
 * Returns an event that was kept as JSON. The trace of its push has long been told.
 *
 * @param json as `toEvent` has made it
 */
export function fromJson(json: string): WebhookEventText {
  // It is one of ours, from the store.
  const { id, time } = JSON.parse(json) as { id: string; time: string };
  return { id, json, at: Date.parse(time) };
}

/**
 * Returns the body of a request with these events, of which there is at least one, and its id, which is the same
 * whenever they are sent again. It has the headers of a trace where all of them are of one.
 */
export function toRequest(webhook: Pick<Webhook, 'id'>, events: readonly WebhookEventText[]) {
  const list = `[${events.map(({ json }) => json).join(',')}]`;
  const timestamp = toTime(Math.max(...events.map(({ at }) => at)));
  const trace = events[0]?.trace;
  const isOneTrace = events.every((event) => event.trace?.traceparent === trace?.traceparent);
  return {
    id: idOf('msg', [webhook.id, ...events.map(({ id }) => id)]),
    ...(isOneTrace && trace && { trace }),
    body: `{"type":"receipts","timestamp":"${timestamp}","data":{"events":${list}}}`,
  };
}

/** Returns a request without events, by which a back end is tried. */
export function toTestRequest(webhook: Pick<Webhook, 'id'>, now: number) {
  const body = JSON.stringify({ type: 'test', timestamp: toTime(now), data: { events: [] } });
  return { id: idOf('msg', [webhook.id, 'test', now]), body };
}

function idOf(prefix: string, parts: readonly (string | number)[]): string {
  return `${prefix}_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 24)}`;
}

function toTime(at: number): string {
  return new Date(at).toISOString();
}
