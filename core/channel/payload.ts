import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { ruled } from '../../common/contract/fields.js';
import type { WakeMessage } from '../domain/wake.js';
import { isRecord } from './http-outcome.js';

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Settings of texts for services that show nothing without a title and a text. They are shown where a message has none,
 * and to keep its content from the vendor.
 */
export const TEXT_SETTINGS = {
  /** The title of messages that have none. */
  title: Type.Optional(
    Type.String(ruled('must be a string of 1 to 20 characters', { minLength: 1, maxLength: 20, format: 'label' })),
  ),
  /** The text of messages whose content is kept from the vendor. */
  text: Type.Optional(
    Type.String(ruled('must be a string of 1 to 50 characters', { minLength: 1, maxLength: 50, format: 'label' })),
  ),
};

/** The part of a message that a vendor may see, with a title and a text in any case. */
export interface VisibleMessage extends Pick<WakeMessage, 'image' | 'clickTarget' | 'thread' | 'override'> {
  /** The line above. */
  readonly title: string;
  /** The text. */
  readonly body: string;
}

/** Returns what the vendor may see: of a message without a body nothing at all of what the caller wrote. */
export function visibleOf(
  message: WakeMessage,
  { title = 'New message', text = 'Open the app to read it.' }: { title?: string; text?: string },
): VisibleMessage {
  if (message.body === undefined) return { title, body: text };
  return {
    title: unlessBlank(message.title) ?? title,
    body: unlessBlank(message.body) ?? text,
    image: message.image,
    clickTarget: message.clickTarget,
    thread: message.thread,
    override: message.override,
  };
}

/** Returns the rest of a message's life in whole seconds, within the vendor's bounds. */
export function ttlSeconds({ expiresAt }: WakeMessage, max: number, min = 1): number {
  return Math.min(max, Math.max(min, Math.ceil((expiresAt - Date.now()) / 1000)));
}

/** Returns a number of 31 bits for a key, never 0: the number by which a newer notification replaces an older one. */
export function notifyIdOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) & 0x7f_ff_ff_ff || 1;
}

/** Returns 43 plain characters for a key, where the key itself is not fit to be sent. */
export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

/** Returns what a message's app needs to know it by: its id, and that of the app. */
export function idsOf({ id, appId }: WakeMessage): { id: string; appId: string } {
  return { id, appId };
}

/** Returns an object with another one merged over it, object by object; all else is replaced. */
export function mergeOver(base: JsonObject, override: JsonObject | undefined): JsonObject {
  if (override === undefined) return base;
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(override)) {
    const below = merged.get(name);
    merged.set(name, isRecord(below) && isRecord(value) ? mergeOver(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** Returns true if the address is one for a browser: all others are the app's own. */
export function isWebAddress(address: string): boolean {
  return /^https?:\/\//i.test(address);
}

function unlessBlank(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
