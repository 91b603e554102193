import type { Static, TObject } from '@sinclair/typebox';
import { createChecker } from '../../../common/contract/check.js';
import { OnePushError, type Violation } from '../../../common/errors.js';
import { coerce } from '../coerce.js';
import type { Exchange } from '../exchange.js';

/** The documented parameters of a query. */
export interface QueryFields<T extends TObject> {
  /**
   * Reads them: numbers from their digits, words in any case. Unknown ones are ignored, unless ONEPUSH_STRICT_JSON is
   * set.
   *
   * @throws OnePushError INVALID_FIELDS with every violation
   */
  read(exchange: Pick<Exchange, 'query' | 'isStrict'>): Static<T>;
}

/** @param schema of the parameters; each says its rule (see `ruled`) */
export function createQueryFields<T extends TObject>(schema: T): QueryFields<T> {
  const checker = createChecker(schema);
  const names = new Set(Object.keys(schema.properties));

  return {
    read({ query, isStrict }) {
      const given: Record<string, string> = {};
      const violations: Violation[] = [];
      for (const [name, value] of new URLSearchParams(query)) {
        if (!names.has(name)) {
          if (isStrict && violations.length === 0)
            violations.push({ field: 'query', rule: 'has an unknown parameter' });
        } else if (Object.hasOwn(given, name)) violations.push({ field: name, rule: 'must be given once' });
        else given[name] = value;
      }
      const value = coerce(schema, given, '');
      violations.push(...checker.violations(value));
      if (violations.length === 0 && checker.accepts(value)) return value;
      throw new OnePushError('INVALID_FIELDS', { violations: violations.slice(0, MAX_VIOLATIONS) });
    },
  };
}

const MAX_VIOLATIONS = 20;
