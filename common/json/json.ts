const WHITESPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[^ \t\n\r,\]}]+/y;

/**
 * The text of a member of a JSON object, as it was written: `JSON.parse` would lose digits of long numbers. Of several
 * members with the name it is the last one, as with `JSON.parse`.
 *
 * @param json the text of an object that `JSON.parse` accepts
 * @returns undefined if there is no such member
 */
export function rawMember(json: string, name: string): string | undefined {
  let found: string | undefined;
  visitMembers(json, (key, start, end) => {
    if (key === name) found = json.slice(start, end);
  });
  return found;
}

/** The texts of all members of a JSON object, as they were written; see rawMember. */
export function rawMembers(json: string): Map<string, string> {
  const found = new Map<string, string>();
  visitMembers(json, (key, start, end) => found.set(key, json.slice(start, end)));
  return found;
}

/** Returns true for what JSON calls an object. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The texts of the elements of a JSON list, as they were written.
 *
 * @param json the text of a list that `JSON.parse` accepts
 */
export function rawElements(json: string): string[] {
  const found: string[] = [];
  let at = skip(WHITESPACE, json, 0);
  do {
    const start = skip(WHITESPACE, json, at + 1);
    if (json[start] === ']') break;
    const end = endOfValue(json, start);
    found.push(json.slice(start, end));
    at = skip(WHITESPACE, json, end);
  } while (json[at] === ',');
  return found;
}

/** Tells of every member of a JSON object: its name, and where its value begins and ends. */
function visitMembers(json: string, visit: (name: string, start: number, end: number) => void): void {
  let at = skip(WHITESPACE, json, 0) + 1;
  for (;;) {
    at = skip(WHITESPACE, json, at);
    if (json[at] !== '"') return;
    const keyStart = at;
    at = skip(STRING, json, at);
    const key = String(JSON.parse(json.slice(keyStart, at)));
    at = skip(WHITESPACE, json, at) + 1;
    const start = skip(WHITESPACE, json, at);
    at = endOfValue(json, start);
    visit(key, start, at);
    at = skip(WHITESPACE, json, at);
    if (json[at] !== ',') return;
    at++;
  }
}

/** Returns the index at which the value that begins at `start` ends. */
function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return skip(STRING, json, start);
  if (first !== '{' && first !== '[') return skip(SCALAR, json, start);
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const char = json[at];
    if (char === '"') at = skip(STRING, json, at) - 1;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return json.length;
}

/** Returns the index at which the match of a sticky pattern at `from` ends; `from` if there is none. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
