/** A member that is not documented, and the documented one that its writer may have meant. */
export interface SimilarName {
  /** Safe to repeat: at most 32 letters, digits, `_` and `-`, and nearly a name of ours. */
  name: string;
  /** The known name. */
  meant: string;
}

/** Finds members of a body that are nearly documented ones. */
export type FindSimilarNames = (body: Readonly<Record<string, unknown>>) => SimilarName[];

/** So many unknown members of a body are looked at: no key has been checked yet. */
const MAX_LOOKED_AT = 5;
const MAX_COST = 255;
/** So many names are remembered with what they mean: a caller repeats its own. */
const MAX_REMEMBERED = 1000;
const SAFE = /^[\w-]{1,32}$/;

/**
 * @param known the documented names
 * @param others names of other meanings of the documented ones: `{ devices: 'audiences' }`
 * @returns what finds them. Hot where a body has documented members only: one look-up for each.
 */
export function createSimilarNames(
  known: readonly string[],
  others: Readonly<Record<string, string>> = {},
): FindSimilarNames {
  const documented = new Set(known);
  const candidates = [...known.map((name): [string, string] => [name, name]), ...Object.entries(others)].map(
    ([name, meant]) => ({ plain: plainOf(name), meant }),
  );

  const remembered = new Map<string, string | undefined>();

  function findMeant(name: string): string | undefined {
    if (remembered.has(name)) return remembered.get(name);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const meant = compare(name);
    remembered.set(name, meant);
    return meant;
  }

  function compare(name: string): string | undefined {
    const plain = plainOf(name);
    const exact = candidates.find((candidate) => candidate.plain === plain);
    if (exact !== undefined) return exact.meant;
    // A short word is a letter away from too many others.
    const most = plain.length < 6 ? 1 : 2;
    return plain.length < 4 ? undefined : candidates.find((one) => distance(plain, one.plain, most) <= most)?.meant;
  }

  return (body) => {
    const found: SimilarName[] = [];
    let looked = 0;
    for (const name in body) {
      if (documented.has(name)) continue;
      if (++looked > MAX_LOOKED_AT) break;
      if (!SAFE.test(name)) continue;
      const meant = findMeant(name);
      if (meant !== undefined) found.push({ name, meant });
    }
    return found;
  };
}

/** A name without case, `_` and `-`. */
function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}

/**
 * Counts the letters that must be changed, added, left out or swapped with the next; more than `most` where that is
 * sure.
 */
function distance(left: string, right: string, most: number): number {
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let before = new Uint8Array(right.length + 1);
  let last = Uint8Array.from(before, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = new Uint8Array(right.length + 1);
    current[0] = row;
    let least = row;
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1));
      if (row > 1 && left[row - 2] === right[column - 1] && left[row - 1] === right[column - 2])
        cost = Math.min(cost, at(before, column - 2) + 1);
      current[column] = cost;
      least = Math.min(least, cost);
    }
    // It falls no more.
    if (least > most) return least;
    before = last;
    last = current;
  }
  return at(last, right.length);
}

/** A cost of a row; large beyond its ends. */
function at(costs: Uint8Array, column: number): number {
  return costs[column] ?? MAX_COST;
}
