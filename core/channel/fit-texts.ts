import type { WakeMessage } from '../domain/wake.js';
import { cutText, jsonBytes } from './cut-text.js';
import { type JsonObject, visibleOf } from './payload.js';

/** A title and a text; the title may be absent. */
export interface Texts {
  readonly title: string | undefined;
  readonly body: string;
}

/**
 * Makes JSON of at most so many bytes: the texts are cut at a character until it fits.
 *
 * @param build makes the payload with these texts in it, once each
 * @returns undefined: it does not fit without any text either
 */
export function fitTexts(build: (texts: Texts) => JsonObject, texts: Texts, maxBytes: number): string | undefined {
  const whole = JSON.stringify(build(texts));
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const bare = Buffer.byteLength(
    JSON.stringify(build({ title: texts.title === undefined ? undefined : '', body: '' })),
  );
  const room = maxBytes - bare;
  if (room < 0) return undefined;
  // A title takes no more than half, unless the text leaves it more.
  const titleRoom = Math.max(Math.floor(room / 2), room - jsonBytes(texts.body));
  const title = texts.title === undefined ? undefined : cutText(texts.title, titleRoom, jsonBytes);
  const body = cutText(texts.body, room - jsonBytes(title ?? ''), jsonBytes);
  return JSON.stringify(build({ title, body }));
}

/** Returns the texts that the vendor may see; no title, where neither the message nor the settings have one. */
export function textsOf(message: WakeMessage, settings: { title?: string; text?: string }): Texts {
  const { title, body } = visibleOf(message, settings);
  const hasOwn = message.body !== undefined && (message.title ?? '').trim() !== '';
  return { title: hasOwn || settings.title !== undefined ? title : undefined, body };
}
