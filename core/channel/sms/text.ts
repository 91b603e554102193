import { Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import type { WakeMessage } from '../../domain/wake.js';
import { cutText, utf16Units } from '../cut-text.js';

/** The text of a message that has none, where the settings have none either. */
const NO_CONTENT = 'You have a new message.';

/** The setting for the text of messages that have none, or whose content is kept from the vendor. */
export const text = Type.Optional(
  Type.String(ruled('must be a string of 1 to 160 characters', { minLength: 1, maxLength: 160, format: 'label' })),
);

/** A value for a variable of an approved template. */
export const TemplateValue = Type.String(
  ruled('must be a string of at most 500 characters, with {text}, {title} or {id} for those of the push', {
    maxLength: 500,
    format: 'label',
  }),
);

/** The setting for how long a variable's value may be: vendors have their own limits for each account. */
export const maxText = Type.Optional(
  Type.Integer(ruled('must be a whole number from 1 to 1000', { minimum: 1, maximum: 1000 })),
);

/** Returns the text of a short message. */
export function textOf({ body = '' }: WakeMessage, settings: { readonly text?: string | undefined }): string {
  return body.trim() === '' ? (settings.text ?? NO_CONTENT) : body;
}

/** Fills a push into a template's value, cut to `max` characters. Of hidden content there is no title either. */
export function fillValue(
  value: string,
  message: WakeMessage,
  settings: { readonly text?: string | undefined },
  max: number,
): string {
  const parts: Readonly<Record<string, string | undefined>> = {
    text: textOf(message, settings),
    title: message.body === undefined ? undefined : message.title,
    id: message.id,
  };
  const filled = value.replaceAll(/\{(text|title|id)\}/g, (_all, name: string) => parts[name] ?? '');
  return cutText(filled, max, utf16Units);
}

/** Returns what a caller said for this channel alone; nothing where the app keeps content from vendors. */
export function overrideOf(message: WakeMessage): Readonly<Record<string, unknown>> {
  return message.body === undefined ? {} : (message.override ?? {});
}
