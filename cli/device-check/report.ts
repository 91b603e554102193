import type { RuleResult } from './verdicts.js';

/** A check's end in numbers. */
export interface Tally {
  /** No rule of MUST is broken. */
  readonly passed: boolean;
  readonly kept: number;
  readonly broken: number;
  /** Rules that no scenario came to. */
  readonly unknown: number;
}

/** Counts the rules. */
export function tally(results: readonly RuleResult[]): Tally {
  const count = (wanted: RuleResult['verdict']): number => results.filter(({ verdict }) => verdict === wanted).length;
  const passed = results.every(({ level, verdict }) => level === 'SHOULD' || verdict !== 'broken');
  // Where nothing was seen, nothing has passed.
  return {
    passed: passed && count('kept') > 0,
    kept: count('kept'),
    broken: count('broken'),
    unknown: count('unknown'),
  };
}

const WORDS = { kept: 'ok     ', broken: 'BROKEN ', unknown: 'unseen ' } as const;

/** Returns a line for each rule, each fault below its rule, and a line of numbers. */
export function formatReport(results: readonly RuleResult[]): string {
  const lines = results.flatMap(({ rule, level, title, verdict, faults }) => [
    `${WORDS[verdict]}${rule.padEnd(3)} ${level === 'MUST' ? 'MUST  ' : 'SHOULD'} ${title}`,
    ...faults.map((fault) => `                  it ${fault}`),
  ]);
  const { passed, kept, broken, unknown } = tally(results);
  const end = `${passed ? 'passed' : 'FAILED'}: ${kept} rules kept, ${broken} broken, ${unknown} not seen`;
  return [...lines, end].join('\n');
}
