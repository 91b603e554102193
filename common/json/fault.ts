import { OnePushError } from '../errors.js';
import { decodeJsonText } from '../text.js';

/** The first place at which a text stops being JSON. */
export interface JsonFault {
  /** Index in the text. */
  at: number;
  /** The fault in fixed words: nothing of the text itself. */
  what: string;
}

/**
 * Reads the text of a JSON body.
 *
 * @throws OnePushError MALFORMED_JSON that says at which byte it stops being UTF-8
 */
export function decodeJson(body: Uint8Array): string {
  try {
    return decodeJsonText(body);
  } catch {
    throw new OnePushError('MALFORMED_JSON', { hint: `byte ${findNotUtf8(body)} is not UTF-8` });
  }
}

/**
 * Parses the text of a JSON body.
 *
 * @throws OnePushError MALFORMED_JSON that says where and why, without a word of the text
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    const fault = findJsonFault(text);
    throw new OnePushError('MALFORMED_JSON', { hint: fault && describeFault(text, fault) });
  }
}

/**
 * Returns the index of the first byte that belongs to no character. Costs several readings: for what has been refused.
 */
function findNotUtf8(body: Uint8Array): number {
  const replaced = Buffer.from(Buffer.from(body).toString());
  let at = 0;
  while (at < body.length && body[at] === replaced[at]) at++;
  return at;
}

/** Lines, columns and bytes as editors count them: the first two from 1, the bytes from 0. */
function describeFault(text: string, { at, what }: JsonFault): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `line ${line}, column ${at - lineStart + 1} (byte ${Buffer.byteLength(before)}): ${what}`;
}

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a string may not have
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** Goes on where a number or a word has ended. */
const GOES_ON = /[\w.+-]/;

/**
 * Finds where a text stops being JSON. It keeps its own stack, so that no depth breaks it, and reads the text once: for
 * what JSON.parse has refused, since that does not tell in a form that can be repeated.
 *
 * @returns undefined if it is JSON
 */
export function findJsonFault(text: string): JsonFault | undefined {
  /** The ends of what is open, the innermost last. */
  const open: ('}' | ']')[] = [];
  let at = after(SPACE, text, 0);
  for (;;) {
    // A value begins at `at`.
    const first = text[at];
    if (first === '{' || first === '[') {
      const end = first === '{' ? '}' : ']';
      at = after(SPACE, text, at + 1);
      if (text[at] !== end) {
        open.push(end);
        if (end === '}') {
          const name = readName(text, at);
          if (typeof name !== 'number') return name;
          at = name;
        }
        continue;
      }
      at++;
    } else {
      const value = readScalar(text, at);
      if (typeof value !== 'number') return value;
      at = value;
    }
    // A value has ended: what is open may end, too, or go on.
    for (;;) {
      at = after(SPACE, text, at);
      const end = open.at(-1);
      if (end === undefined) return at === text.length ? undefined : fault(text, at, 'the body must end here');
      if (text[at] === ',') break;
      if (text[at] !== end) return fault(text, at, `a comma or ${end} must be here`);
      open.pop();
      at++;
    }
    const comma = at;
    at = after(SPACE, text, at + 1);
    if (text[at] === '}' || text[at] === ']') return { at: comma, what: 'there must be no comma before the end' };
    if (open.at(-1) === '}') {
      const name = readName(text, at);
      if (typeof name !== 'number') return name;
      at = name;
    }
  }
}

/** Returns where the value of a member begins whose name begins at `start`. */
function readName(text: string, start: number): number | JsonFault {
  if (text[start] !== '"') return fault(text, start, 'a name in double quotes must be here');
  const end = readString(text, start);
  if (typeof end !== 'number') return end;
  const at = after(SPACE, text, end);
  return text[at] === ':' ? after(SPACE, text, at + 1) : fault(text, at, 'a colon must be here');
}

/** Returns where a string, number or word ends that begins at `start`. */
function readScalar(text: string, start: number): number | JsonFault {
  if (text[start] === '"') return readString(text, start);
  const end = Math.max(after(NUMBER, text, start), after(WORD, text, start));
  if (end === start) return fault(text, start, 'a value must be here');
  return GOES_ON.test(text[end] ?? '') ? fault(text, end, 'a number or word must end here') : end;
}

function readString(text: string, start: number): number | JsonFault {
  let at = start + 1;
  for (;;) {
    at = after(PLAIN, text, at);
    if (text[at] === '"') return at + 1;
    if (at >= text.length) return { at, what: 'the body ends within a string' };
    if (text[at] !== '\\') return { at, what: 'a line break or control character in a string must be escaped' };
    const end = after(ESCAPE, text, at);
    if (end === at) return { at, what: 'there is no such escape' };
    at = end;
  }
}

/** Returns the fault at a place where something else must be; common mistakes have a name. */
function fault(text: string, at: number, expected: string): JsonFault {
  if (at >= text.length) return { at, what: at === 0 ? 'the body is empty' : 'the body ends too early' };
  const next = text.slice(at, at + 2);
  if (next === '//' || next === '/*' || text[at] === '#') return { at, what: 'JSON has no comments' };
  if (text[at] === "'") return { at, what: 'JSON has double quotes only' };
  return { at, what: expected };
}

/** Returns the index at which the match of a sticky pattern at `from` ends; `from` if there is none. */
function after(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
