import { createHash } from 'node:crypto';
import type { StreamEntry } from '../../domain/queries.js';
import type { Webhook } from '../../domain/webhook.js';

/** An event as it is sent. */
export interface WebhookEventText {
  /** JSON of it. */
  readonly json: string;
  /** Time of the end that it tells of, in milliseconds since the epoch. */
  readonly at: number;
}

/** Returns true if a webhook tells of an entry of the stream of receipts. */
export function isToldBy({ appNum, events }: Pick<Webhook, 'appNum' | 'events'>, entry: StreamEntry): boolean {
  if (entry.appNum !== appNum) return false;
  return 'wake' in entry ? events !== 'receipts' : events !== 'wakes';
}

/** Returns the event of an entry, without content of its message: its id is the same whenever it is told. */
export function toEvent(entry: StreamEntry): WebhookEventText {
  const { position, requestId, deviceId, alias } = entry;
  const { seq, pushId, deviceNum } = position;
  const subject = { requestId: String(requestId), messageId: String(pushId), deviceId, alias };
  if ('wake' in entry) {
    const { channel, state, reason = '', attempts, at } = entry.wake;
    const id = idOf('evt', ['wake', seq, pushId, deviceNum, channel]);
    const wake = { channel, state: state.toUpperCase(), reason, attempts, time: toTime(at) };
    return { json: JSON.stringify({ type: 'wake.ended', id, ...subject, ...wake }), at };
  }
  const id = idOf('evt', ['delivery', seq, pushId, deviceNum]);
  const end = { state: entry.state.toUpperCase(), time: toTime(entry.endedAt) };
  return { json: JSON.stringify({ type: 'delivery.ended', id, ...subject, ...end }), at: entry.endedAt };
}

/**
 * Returns the body of a request with these events, of which there is at least one, and its id: both are the same
 * whenever it is sent again.
 */
export function toRequest(webhook: Pick<Webhook, 'id'>, events: readonly WebhookEventText[]) {
  const list = `[${events.map(({ json }) => json).join(',')}]`;
  const timestamp = toTime(Math.max(...events.map(({ at }) => at)));
  return {
    id: idOf('msg', [webhook.id, list]),
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
