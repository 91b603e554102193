import { EXTRA_RULE, LIMITS } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { endOfText } from '../../common/json/bounds.js';
import { decodeJson, findJsonFault, parseJson } from '../../common/json/fault.js';
import type { Exchange } from './exchange.js';

/** A JSON object as it came, and its text. */
export interface JsonBody {
  /** Members that are null are left out: they count as absent. */
  value: Record<string, unknown>;
  /** The body as it came. */
  text: string;
}

/**
 * Reads a request's JSON object.
 *
 * @throws OnePushError NOT_JSON_TYPE, BODY_TOO_LARGE, MALFORMED_JSON or NOT_AN_OBJECT
 */
export async function readJsonBody(exchange: Exchange): Promise<JsonBody> {
  const { contentType, isStrict } = exchange;
  if (!isJsonType(contentType) && (isStrict || !isNearlyJsonType(contentType))) throw notJson(contentType);
  const text = decodeJson(await exchange.readBody());
  return { value: parseObject(text), text };
}

/**
 * Reads a JSON object.
 *
 * @throws OnePushError MALFORMED_JSON, NOT_AN_OBJECT, or INVALID_FIELDS if it has far more members, or is deeper, than
 * is documented
 */
export function parseObject(text: string): Record<string, unknown> {
  checkBounds(text);
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OnePushError('NOT_AN_OBJECT');
  const members = Object.entries(value);
  if (members.every(([, member]) => member !== null)) return { ...value };
  return Object.fromEntries(members.filter(([, member]) => member !== null));
}

const MAX_MEMBERS = 100;
/** `extra` stands in the body. */
const MAX_LEVELS = LIMITS.extraLevels + 1;
const [QUOTE, COMMA, OPENING, CLOSING] = [0x22, 0x2c, 0x7b, 0x7d];

/**
 * Refuses an object of thousands of members or levels before it is parsed and looked through: no key has been checked
 * yet. Members of members are not counted, since `extra` may have as many as it has room for. Reads the text once, some
 * 2 ns a character; text that is no JSON may pass.
 */
function checkBounds(text: string): void {
  let depth = 0;
  let members = 1;
  let memberStart = text.indexOf('{') + 1;
  const isObject = text.trimStart().startsWith('{');
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    // [ and {, and the same with another bit for their ends.
    const bracket = char | 0x20;
    if (char === QUOTE) at = endOfText(text, at + 1);
    else if (bracket === OPENING) {
      if (++depth > MAX_LEVELS) throw isObject ? tooDeep(text.slice(memberStart)) : new OnePushError('NOT_AN_OBJECT');
    } else if (bracket === CLOSING) depth--;
    else if (char === COMMA && depth === 1) {
      members++;
      memberStart = at + 1;
    }
  }
  if (members > MAX_MEMBERS && isObject)
    throw new OnePushError('INVALID_FIELDS', { hint: `the body has more than ${MAX_MEMBERS} members` });
}

/** @param member where the text goes on with the member that is too deep */
function tooDeep(member: string): OnePushError {
  const [, name] = /^\s*("(?:[^"\\]|\\.)*")/.exec(member) ?? [];
  if (name !== undefined && findJsonFault(name) === undefined && JSON.parse(name) === 'extra')
    return new OnePushError('INVALID_FIELDS', { violations: [{ field: 'extra', rule: EXTRA_RULE }] });
  return new OnePushError('INVALID_FIELDS', { hint: `the body has more than ${MAX_LEVELS} levels` });
}

/** application/json, with any parameters. */
export function isJsonType(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}

/** None at all, or what other producers of JSON call it: text/json, application/vnd.api+json. */
export function isNearlyJsonType(contentType: string): boolean {
  return contentType === '' || /^(text\/json|[\w.-]+\/[\w.+-]+\+json)\s*(;|$)/i.test(contentType);
}

/** Returns the error for a body of another type. */
export function notJson(contentType: string): OnePushError {
  const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(contentType);
  const hint = isForm ? 'a form is not taken; send a JSON object, and say so' : undefined;
  return new OnePushError('NOT_JSON_TYPE', { hint });
}
