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
  let at = skip(WHITESPACE, json, 0) + 1;
  for (;;) {
    at = skip(WHITESPACE, json, at);
    if (json[at] !== '"') return found;
    const keyStart = at;
    at = skip(STRING, json, at);
    const key: unknown = JSON.parse(json.slice(keyStart, at));
    at = skip(WHITESPACE, json, at) + 1;
    const start = skip(WHITESPACE, json, at);
    at = endOfValue(json, start);
    if (key === name) found = json.slice(start, at);
    at = skip(WHITESPACE, json, at);
    if (json[at] !== ',') return found;
    at++;
  }
}

/** Where the value that begins at `start` ends. */
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

/** Where the match of a sticky pattern at `from` ends; `from` if there is none. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
