import { createHash } from 'node:crypto';
import type { WakeMessage } from '../../domain/wake.js';
import { cutText, jsonBytes } from '../cut-text.js';
import { ttlSeconds } from '../payload.js';

/** Maximum number of bytes of the JSON: some services put it into a message of another one, of 4 KB in base64. */
export const MAX_JSON_BYTES = 2560;
/** Bytes that addresses must leave for the texts. */
const TEXT_BYTES = 1024;
/** Maximum number of bytes of the title. */
const TITLE_BYTES = 256;

/** The longest time that a service keeps a message, in seconds: 4 weeks. */
const MAX_TTL = 2_419_200;

/**
 * Returns the JSON that the page's service worker gets, or undefined where the push's override is too large. Its
 * members are those of a `Notification` of the browser where there are such. Texts are cut, and addresses left out,
 * where they do not fit.
 */
export function toPayload(message: WakeMessage): string | undefined {
  const { id, appId } = message;
  const { title, body, ...rest }: Record<string, unknown> = {
    tag: message.key,
    badge: message.badge,
    ...(message.interruption === 'PASSIVE' && { silent: true }),
    ...(message.body !== undefined && contentOf(message)),
    // What a device drops repeats by, and what it confirms, is nothing to override.
    id,
    appId,
    ...(message.needConfirm && { needConfirm: true }),
    ...(message.clearOnRead && { clearOnRead: true }),
  };
  for (const address of ['image', 'url']) {
    if (sizeOf(rest) > MAX_JSON_BYTES - TEXT_BYTES) delete rest[address];
  }
  if (sizeOf({ ...rest, title: '', body: '' }) > MAX_JSON_BYTES) return undefined;
  const cutTitle = cutMember(rest, 'title', title, TITLE_BYTES);
  return JSON.stringify(cutMember(cutTitle, 'body', body, MAX_JSON_BYTES));
}

/** Returns what a caller wrote. A message without a body has nothing of it: its app keeps its content to itself. */
function contentOf({ title, body, clickTarget, image, override }: WakeMessage): Record<string, unknown> {
  return { title, body, url: clickTarget, image, ...override };
}

/** Returns the object with a member more: its text, cut to `max` bytes and to what the whole may have. */
function cutMember(rest: object, name: string, text: unknown, max: number): object {
  if (typeof text !== 'string') return rest;
  const room = MAX_JSON_BYTES - sizeOf({ ...rest, [name]: '' });
  return { ...rest, [name]: cutText(text, Math.max(0, Math.min(max, room)), jsonBytes) };
}

function sizeOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Returns the headers that say how the service treats the message. */
export function toHeaders(message: WakeMessage): Record<string, string> {
  return {
    ttl: String(ttlSeconds(message, MAX_TTL)),
    urgency: message.priority.toLowerCase(),
    topic: createHash('sha256').update(message.key).digest('base64url').slice(0, 32),
  };
}
