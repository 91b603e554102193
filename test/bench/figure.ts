import type { Comparison, Summary } from './pairs.js';

/** A row of the table. */
export interface Figure {
  /** Its number, and a letter where a row has several figures. */
  row: string;
  measured: string;
  /** What `ours` and `floor` count. */
  unit: string;
  ours: Summary;
  /** Absent where there is nothing bare to compare with. */
  floor?: Summary;
  ratio?: Summary;
  /** Absent: measured for information. */
  target?: Target;
  loadShare?: number;
  /** Microseconds of processor time by process for each unit. */
  cpu?: Record<string, number>;
  /** How late event loops were, by process: the 99th percentile in milliseconds. */
  delays?: Record<string, number>;
  notes?: readonly string[];
}

/** What the median of the ratio, or of ours, should reach. */
export interface Target {
  of: 'ratio' | 'ours';
  least?: number;
  most?: number;
}

export function toFigure(
  head: Pick<Figure, 'row' | 'measured' | 'unit'> & Partial<Pick<Figure, 'target' | 'notes'>>,
  comparison: Comparison,
): Figure {
  return { ...head, ...comparison };
}

export function isMet({ target, ratio, ours }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  const value = (target.of === 'ratio' ? ratio : ours)?.median ?? Number.NaN;
  return value >= (target.least ?? Number.NEGATIVE_INFINITY) && value <= (target.most ?? Number.POSITIVE_INFINITY);
}
