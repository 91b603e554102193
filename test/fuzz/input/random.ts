import { createHash } from 'node:crypto';

/** Random choices that a seed repeats. */
export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** Whether something happens whose share is `share`, 0 to 1. */
  chance(share: number): boolean;
  /** One of them. */
  pick<T>(from: readonly T[]): T;
  /** So many bytes. */
  bytes(count: number): Buffer;
}

/** Makes the choices of one trial: a function of nothing but these names. */
export function createRandom(...names: readonly (string | number)[]): Random {
  const digest = createHash('sha256').update(names.join('/')).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [number, number, number, number];

  /** The generator sfc32. */
  function next(): number {
    const result = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return result >>> 0;
  }

  const below = (bound: number): number => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    chance: (share) => next() < share * 2 ** 32,
    pick<T>(from: readonly T[]): T {
      // `below` stays within the list; nobody picks from an empty one.
      return from[below(from.length)] as T;
    },
    bytes(count) {
      const bytes = Buffer.alloc(count);
      for (let at = 0; at < count; at++) bytes[at] = next();
      return bytes;
    },
  };
}
