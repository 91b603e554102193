import type { OnePushError } from '../../common/errors.js';

const REALM = 'realm="ONE-PUSH"';

/**
 * Returns the header that says how one authenticates, which HTTP wants with each 401: clients of Java fail without it.
 * Browsers ask their users for no password: the scheme of a key that goes in the body is known to none.
 */
export function challengeOf({ status, reason }: Pick<OnePushError, 'status' | 'reason'>): Record<string, string> {
  if (status !== 401) return {};
  return { 'WWW-Authenticate': `${reason === 'WRONG_APP_KEY' ? 'AppKey' : 'Bearer'} ${REALM}` };
}
