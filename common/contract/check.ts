import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler, type ValueError, ValueErrorType } from '@sinclair/typebox/compiler';
import { OnePushError, type Violation } from '../errors.js';

/** A message names at most so many fields: what is wrong with a thousand of them is clear from a few. */
const MAX_VIOLATIONS = 20;

/**
 * Tells what is wrong with a value: every offending field once, missing ones first, else in the order of the schema;
 * nothing if it is valid.
 */
export interface Checker<T extends TSchema> {
  /** Far cheaper than to list no violations. */
  accepts(value: unknown): value is Static<T>;
  /** Finds the offending fields, each once; none: the value is valid. */
  violations(value: unknown): Violation[];
  /** @throws OnePushError INVALID_FIELDS with every violation */
  parse(value: unknown): Static<T>;
}

/** Compiles a schema whose fields say their rule (see `ruled`). */
export function createChecker<T extends TSchema>(schema: T): Checker<T> {
  const compiled = TypeCompiler.Compile(schema);
  function violations(value: unknown): Violation[] {
    if (compiled.Check(value)) return [];
    const found = new Map<string, string>();
    for (const error of compiled.Errors(value)) {
      const field = fieldOf(error.path);
      if (found.has(field)) continue;
      found.set(field, ruleOf(error));
      if (found.size >= MAX_VIOLATIONS) break;
    }
    return [...found].map(([field, rule]) => ({ field, rule }));
  }
  return {
    accepts: (value): value is Static<T> => compiled.Check(value),
    violations,
    parse(value) {
      if (compiled.Check(value)) return value;
      throw new OnePushError('INVALID_FIELDS', { violations: violations(value) });
    },
  };
}

/** `/audiences/3` as `audiences[3]`. */
function fieldOf(path: string): string {
  return path
    .slice(1)
    .replaceAll(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
}

function ruleOf(error: ValueError): string {
  const rule: unknown = error.schema.rule;
  const text = typeof rule === 'string' ? rule : error.message;
  return error.type === ValueErrorType.ObjectRequiredProperty || error.value === undefined
    ? `is required: it ${text}`
    : text;
}
