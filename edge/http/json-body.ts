import { OnePushError } from '../../common/errors.js';
import { decodeJsonText } from '../../common/text.js';
import type { Exchange } from './exchange.js';

/** A JSON object as it came, and its text. */
export interface JsonBody {
  /** Members that are null are left out: they count as absent. */
  value: Record<string, unknown>;
  text: string;
}

/**
 * Reads a request's JSON object.
 *
 * @throws OnePushError NOT_JSON_TYPE, BODY_TOO_LARGE, MALFORMED_JSON or NOT_AN_OBJECT
 */
export async function readJsonBody(exchange: Exchange): Promise<JsonBody> {
  if (!isJsonType(exchange.contentType)) throw new OnePushError('NOT_JSON_TYPE');
  const text = decode(await exchange.readBody());
  return { value: parseObject(text), text };
}

/** @throws OnePushError MALFORMED_JSON if it is not UTF-8 */
export function decode(body: Uint8Array): string {
  try {
    return decodeJsonText(body);
  } catch {
    throw new OnePushError('MALFORMED_JSON');
  }
}

/** @throws OnePushError MALFORMED_JSON, NOT_AN_OBJECT, or INVALID_FIELDS if it has far more members than are documented */
export function parseObject(text: string): Record<string, unknown> {
  if (text.length > SMALL) checkMembers(text);
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OnePushError('NOT_AN_OBJECT');
  const members = Object.entries(value);
  if (members.every(([, member]) => member !== null)) return { ...value };
  return Object.fromEntries(members.filter(([, member]) => member !== null));
}

/** So many characters cost nothing to speak of, whatever they are. */
const SMALL = 1024;
const MAX_MEMBERS = 100;
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Refuses an object of thousands of members before it is parsed and looked through: no key has been checked yet. Members of members are
 * not counted, since `extra` may have as many as it has room for. Reads the text once, some 2 ns a character; text that is no JSON may pass.
 */
function checkMembers(text: string): void {
  let depth = 0;
  let commas = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
      case COMMA:
        if (depth === 1) commas++;
        break;
    }
  }
  if (commas >= MAX_MEMBERS && text.trimStart().startsWith('{'))
    throw new OnePushError('INVALID_FIELDS', { hint: `the body has more than ${MAX_MEMBERS} members` });
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** @throws OnePushError MALFORMED_JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new OnePushError('MALFORMED_JSON');
  }
}

/** application/json, with or without parameters. */
export function isJsonType(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}
