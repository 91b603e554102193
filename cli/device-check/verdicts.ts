import { type Level, RULES, type Rule } from './rules.js';

/** One rule, and how the implementation has kept it. */
export interface RuleResult {
  /** Its number in docs/devices.md. */
  readonly rule: Rule;
  /** A rule of SHOULD that is broken fails no check. */
  readonly level: Level;
  /** The rule in a few words. */
  readonly title: string;
  /** `unknown`: no scenario came to it. */
  readonly verdict: 'kept' | 'broken' | 'unknown';
  /** Things that the implementation did, if it broke the rule. */
  readonly faults: readonly string[];
}

/** Gathers what was seen. A rule is kept if it was seen to be kept, and never to be broken. */
export interface Verdicts {
  /** Says that a rule was kept or broken. `fault` says what was seen in the second case. */
  judge(rule: Rule, isKept: boolean, fault: string): void;
  /** Returns all rules. */
  results(): RuleResult[];
}

/** Most faults that are told of one rule. */
const MAX_FAULTS = 3;

/** Returns verdicts that know nothing yet. */
export function createVerdicts(): Verdicts {
  const kept = new Set<Rule>();
  const faults = new Map<Rule, Set<string>>();
  return {
    judge(rule, isKept, fault) {
      if (isKept) {
        kept.add(rule);
        return;
      }
      const told = faults.get(rule) ?? new Set();
      if (told.size < MAX_FAULTS) told.add(fault);
      faults.set(rule, told);
    },
    results() {
      // Object.keys does not say that they are the keys of this table.
      return (Object.keys(RULES) as Rule[]).map((rule) => {
        const [level, title] = RULES[rule];
        const told = [...(faults.get(rule) ?? [])];
        const verdict = told.length > 0 ? 'broken' : kept.has(rule) ? 'kept' : 'unknown';
        return { rule, level, title, verdict, faults: told };
      });
    },
  };
}
