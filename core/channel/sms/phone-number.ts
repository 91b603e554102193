import { Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';

/** The setting for numbers that are written without their country. */
export const countryCode = Type.Optional(
  Type.String(ruled('must be the digits of a country code, such as 86', { pattern: '^[1-9]\\d{0,2}$' })),
);

/**
 * Returns a phone number in E.164, `+8613800138000`; undefined where it is none. Signs between digits are ignored, and
 * `00` stands for `+`.
 *
 * @param country the digits of the country that numbers without one are of; undefined: there must be one
 */
export function findE164(number: string, country: string | undefined): string | undefined {
  const digits = number.replaceAll(/[\s().-]/g, '').replace(/^00/, '+');
  const full = digits.startsWith('+') || country === undefined ? digits : `+${country}${digits}`;
  return /^\+[1-9]\d{6,14}$/.test(full) ? full : undefined;
}
