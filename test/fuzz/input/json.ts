import type { Random } from './random.js';
import { MARKER, oddNumber, oddText } from './values.js';

/** A member of an object: its name, and the JSON text of its value. Names may be there twice. */
export type Member = [name: string, json: string];

const ODD_LITERALS = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"":""}',
  '-0',
  '1e999',
  '-1e999',
  '0.1e-999',
  '9007199254740993',
  '123456789012345678901234567890',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\u0000"',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{}}}',
  // These are no JSON.
  'NaN',
  'Infinity',
  'undefined',
  "'x'",
  '01',
  '+1',
  '.5',
  '1.',
  '0x10',
  '"\n"',
  '"\\x"',
  '',
  `{"a":"${MARKER}"`,
];

/** JSON text of some value that hardly anybody expects, and at times text that is no JSON. */
export function oddJson(random: Random): string {
  switch (random.below(8)) {
    case 0:
      return String(oddNumber(random));
    case 1:
      return JSON.stringify(String(oddNumber(random)));
    case 2:
    case 3:
      return JSON.stringify(oddText(random));
    case 4:
      return JSON.stringify(
        Array.from({ length: random.pick([1, 2, 5, 101, 1001]) }, () => oddText(random).slice(0, 20)),
      );
    case 5: {
      const depth = random.pick([2, 20, 64, 101, 400]);
      return random.chance(0.5)
        ? '['.repeat(depth) + ']'.repeat(depth)
        : `${'{"a":'.repeat(depth)}"${MARKER}"${'}'.repeat(depth)}`;
    }
    default:
      return random.pick(ODD_LITERALS);
  }
}

/** The members with so many changes: other values, lacking, double, renamed and added ones. */
export function mutateMembers(members: readonly Member[], changes: number, random: Random): Member[] {
  const changed = [...members];
  for (let left = changes; left > 0; left--) {
    const at = random.below(changed.length);
    const [name, json] = changed[at] ?? ['a', '1'];
    switch (random.below(8)) {
      case 0:
        changed.splice(at, 1);
        break;
      case 1:
        changed.push([name, random.chance(0.5) ? json : oddJson(random)]);
        break;
      case 2:
        changed[at] = [random.pick([name.toUpperCase(), `${name}s`, ` ${name}`, `${name}\u0000`, '']), json];
        break;
      case 3:
        changed.push([
          random.pick(['__proto__', 'constructor', 'toString', 'length', MARKER, oddText(random)]),
          oddJson(random),
        ]);
        break;
      default:
        changed[at] = [name, oddJson(random)];
    }
  }
  return changed;
}

/** The text of an object of these members; at times with space in odd places, or with escapes where none are needed. */
export function toObjectText(members: readonly Member[], random: Random): string {
  const space = random.chance(0.8) ? '' : random.pick([' ', '\n', '\t', '\r\n', ' '.repeat(500)]);
  const isEscaped = random.chance(0.05);
  const inner = members.map(([name, json]) => {
    const key = isEscaped && /^\w+$/.test(name) ? `"${escapeAll(name)}"` : JSON.stringify(name);
    return `${space}${key}${space}:${space}${json}`;
  });
  return `{${inner.join(`${space},`)}${space}}`;
}

function escapeAll(name: string): string {
  return [...name].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
