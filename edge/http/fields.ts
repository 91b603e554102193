import type { Static, TObject } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { OnePushError } from '../../common/errors.js';
import { coerce } from './coerce.js';
import type { Exchange } from './exchange.js';
import type { JsonBody } from './json-body.js';
import { createMembers } from './members.js';
import type { SimilarName } from './similar-names.js';

/** The documented fields of a request. */
export interface Fields<T extends TObject> {
  /**
   * Reads the fields of a body. Without ONEPUSH_STRICT_JSON, what is not of the documented type is read as Jackson does
   * (see coerce), and members that are nearly documented ones are named in a header of the answer. Hot where all is as
   * documented.
   *
   * @param body members may have been put in the place of those of its text
   * @throws OnePushError INVALID_FIELDS with every violation
   */
  read(exchange: Exchange, body: JsonBody): Static<T>;
}

/**
 * @param schema of the fields; each says its rule (see `ruled`)
 * @param others names that are not documented for what documented fields mean
 */
export function createFields<T extends TObject>(schema: T, others?: Readonly<Record<string, string>>): Fields<T> {
  const checker = createChecker(schema);
  const members = createMembers(schema, others);

  return {
    read(exchange, { value: given, text }) {
      const similar = members.findSimilar(given);
      const value = members.present(given);
      if (exchange.isStrict) {
        const unknown = similar.map(({ name, meant }) => ({ field: name, rule: `is not documented: ${meant} is` }));
        if (unknown.length === 0 && checker.accepts(value)) return value;
        throw new OnePushError('INVALID_FIELDS', { violations: [...unknown, ...checker.violations(value)] });
      }
      const hint = similar.length === 0 ? undefined : similar.map(describe).join('; ');
      if (hint !== undefined) exchange.addHeaders({ 'X-OnePush-Warning': hint });
      if (checker.accepts(value)) return value;
      const coerced = coerce(schema, value, text);
      if (checker.accepts(coerced)) return coerced;
      throw new OnePushError('INVALID_FIELDS', { violations: checker.violations(coerced), hint });
    },
  };
}

function describe({ name, meant }: SimilarName): string {
  return `unknown member "${name}"; did you mean "${meant}"?`;
}
