/** The middle of several values, and the least and the greatest of them. */
export interface Summary {
  median: number;
  low: number;
  high: number;
  values: number[];
}

/** One measurement. */
export interface Sample {
  value: number;
  /** Processor time of the busiest process of the load, as a share of one core. */
  loadShare: number;
  /** Microseconds of processor time by process, for each unit of what was measured. */
  cpu: Record<string, number>;
  /** How late event loops were, by process: the 99th percentile in milliseconds. Absent where it is not known. */
  delays?: Record<string, number>;
}

/** Measurements and their floors, in pairs. */
export interface Comparison {
  ours: Summary;
  floor: Summary;
  /** Ours by floor, for each pair. */
  ratio: Summary;
  /** The greatest of all samples. */
  loadShare: number;
  /** Medians of our samples. */
  cpu: Record<string, number>;
  delays?: Record<string, number>;
}

/** @throws if there are no values */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[0], sorted.at(-1)];
  const [below, above] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined || below === undefined || above === undefined) {
    throw new Error('nothing was measured');
  }
  return { median: (below + above) / 2, low, high, values: [...values] };
}

/** Ours, floor, floor, ours, ours, floor …: what drifts meets both alike. */
export async function comparePairs(
  pairs: number,
  ours: () => Promise<Sample>,
  floor: () => Promise<Sample>,
): Promise<Comparison> {
  const taken: { readonly ours: Sample[]; readonly floor: Sample[] } = { ours: [], floor: [] };
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? (['ours', 'floor'] as const) : (['floor', 'ours'] as const);
    for (const each of order) taken[each].push(await { ours, floor }[each]());
  }
  return compare(taken.ours, taken.floor);
}

/** Compares samples with as many of the floor, in the order in which they were taken. */
export function compare(ours: readonly Sample[], floor: readonly Sample[]): Comparison {
  return {
    ours: summarize(ours.map(({ value }) => value)),
    floor: summarize(floor.map(({ value }) => value)),
    ratio: summarize(ours.map(({ value }, index) => value / (floor[index]?.value ?? Number.NaN))),
    loadShare: Math.max(...[...ours, ...floor].map(({ loadShare }) => loadShare)),
    cpu: mediansOf(ours.map(({ cpu }) => cpu)),
    ...(ours.every(({ delays }) => delays === undefined)
      ? {}
      : { delays: mediansOf(ours.map(({ delays = {} }) => delays)) }),
  };
}

function mediansOf(records: readonly Record<string, number>[]): Record<string, number> {
  const names = Object.keys(records[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, summarize(records.map((record) => record[name] ?? 0)).median]));
}
