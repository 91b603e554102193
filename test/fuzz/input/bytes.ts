import type { Random } from './random.js';
import { MARKER } from './values.js';

const NOT_UTF8 = ['ff', 'c0af', 'eda080', 'f8888080', 'e4b8', '80', 'fe', 'f4908080'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const SNIPPETS = [
  ...NOT_UTF8,
  Buffer.from('efbbbf', 'hex'),
  Buffer.from('fffe', 'hex'),
  Buffer.from('00', 'hex'),
  Buffer.from('\r\n'),
  Buffer.from('\r\n\r\n'),
  Buffer.from('/* x */'),
  Buffer.from('{}'),
  Buffer.from('[[[['),
  Buffer.from('"'),
  Buffer.from('\\u0000'),
  Buffer.from('\\ud800'),
  Buffer.from(MARKER),
];

/** The bytes with one to three random changes: bits and bytes turned, pieces cut out, put in, doubled or exchanged. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let left = 1 + random.below(3); left > 0; left--) changed = mutateOnce(changed, random);
  return changed;
}

function mutateOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.pick([1, 2, 4, 16, 64]));
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random.below(8)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) {
        const place = random.below(flipped.length);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << random.below(8));
      }
      return flipped;
    }
    case 1:
      return before;
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return Buffer.concat([before, piece, piece, after]);
    case 4:
      return Buffer.concat([before, random.bytes(piece.length), after]);
    case 5:
      return Buffer.concat([after, before]);
    case 6:
      return Buffer.concat([before, Buffer.from([random.pick([0, 0x7f, 0x80, 0xff])]), after]);
    default:
      return Buffer.concat([before, random.pick(SNIPPETS), bytes.subarray(at)]);
  }
}
