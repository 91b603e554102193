import { OnePushError } from '../../common/errors.js';
import { hashSecret } from '../../common/secrets.js';

const CHECK_LENGTH = 11;

/**
 * Where a listing goes on, for callers to hand back. No secret: it holds a position and a check that it belongs to this listing.
 *
 * @param listing what is listed: a token of one listing is none of another
 */
export function toPageToken(listing: string, position: number): string {
  return Buffer.from(`${position}.${checkOf(listing, position)}`).toString('base64url');
}

/**
 * @returns 0 for the first page
 * @throws OnePushError INVALID_FIELDS
 */
export function parsePageToken(listing: string, token: string): number {
  if (token === '') return 0;
  const [, digits = '', check] = /^(\d{1,16})\.(.*)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  const position = Number(digits);
  if (digits !== '' && Number.isSafeInteger(position) && check === checkOf(listing, position)) return position;
  const rule = 'must be the next_page_token of an answer to the same question';
  throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'page_token', rule }] });
}

function checkOf(listing: string, position: number): string {
  return hashSecret(`${listing}\n${position}`).slice(0, CHECK_LENGTH);
}
