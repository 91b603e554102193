import { APP_LIMITS, type OwnLimits } from '../../../common/limits/names.js';
import { parseJson } from './content.js';

/** Limits of an app's own as the store keeps them: JSON; null: it has none. */
export function encodeLimits(limits: OwnLimits): string | null {
  return Object.keys(limits).length === 0 ? null : JSON.stringify(limits);
}

/** Returns those that this release knows, as far as they are numbers of something. */
export function decodeLimits(text: string | null): OwnLimits | undefined {
  if (text === null) return undefined;
  const value: unknown = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const given: Readonly<Record<string, unknown>> = { ...value };
  const found: Partial<Record<(typeof APP_LIMITS)[number], number>> = {};
  for (const name of APP_LIMITS) {
    const limit = given[name];
    if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0) found[name] = limit;
  }
  return found;
}
