import { OnePushError } from '../../../common/errors.js';
import { hashSecret } from '../../../common/secrets.js';

const CHECK_LENGTH = 11;
const DEFAULT_PAGE = 100;

/** Returns the number of entries of a page, where the caller asked for `pageSize`; the schema bounds that. */
export function pageLimit(pageSize: number): number {
  return pageSize || DEFAULT_PAGE;
}

/**
 * Returns the place where a listing goes on, for callers to hand back. No secret: it holds a position and a check that
 * it belongs to this listing.
 *
 * @param listing the name of the listing: a token of one is none of another
 */
export function toToken(listing: string, position: readonly number[]): string {
  const numbers = position.join('.');
  return Buffer.from(`${numbers}.${checkOf(listing, numbers)}`).toString('base64url');
}

/** Undefined: it is no token of this listing. */
export function parseToken(listing: string, token: string): number[] | undefined {
  const numbers = Buffer.from(token, 'base64url').toString().split('.').slice(0, -1);
  const position = numbers.map(Number);
  // The check tells that it is ours, so it has as many numbers as its listing.
  return position.every(isPosition) && toToken(listing, position) === token ? position : undefined;
}

/**
 * @returns undefined for the first page
 * @throws OnePushError INVALID_FIELDS
 */
export function parsePageToken(listing: string, token: string): number[] | undefined {
  if (token === '') return undefined;
  const position = parseToken(listing, token);
  if (position !== undefined) return position;
  const rule = 'must be the nextPageToken of an answer to the same question';
  throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'pageToken', rule }] });
}

function isPosition(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

function checkOf(listing: string, numbers: string): string {
  return hashSecret(`${listing}\n${numbers}`).slice(0, CHECK_LENGTH);
}
