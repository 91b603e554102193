import type { Pace } from '../protection/protected-channel.js';

/** Returns the limits that the settings of a credential say, as its kind has checked them, or those of its vendor. */
export function paceOf(settings: unknown, limits: Pace): Pace {
  // Whatever it is, it has these or it has not.
  const { perSecond, concurrent } = Object(settings) as Readonly<Record<string, unknown>>;
  return { perSecond: positive(perSecond) ?? limits.perSecond, concurrent: positive(concurrent) ?? limits.concurrent };
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}
