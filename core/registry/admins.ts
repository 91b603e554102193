import { findSecret, hashSecret } from '../../common/secrets.js';
import type { AdminToken } from '../domain/access.js';

/** The admin whose token was shown. */
export interface Admin {
  /** The store's number of the token; undefined: it is that of the environment. */
  readonly num: number | undefined;
  /** The name of the token. */
  readonly name: string;
}

/** Tokens of admins: that of the environment, and those that are stored. Told of every change. */
export interface Admins {
  /** Finds the admin of a token, in a time that does not depend on how much of it is right. */
  find(token: string): Admin | undefined;
  /** Finds the admin of a token that is still good, by its number; undefined: that of the environment. */
  findByNumber(num: number | undefined): Admin | undefined;
  /** A token was stored. */
  added(token: AdminToken): void;
  /** A token was removed. */
  removed(num: number): void;
}

type Known = Admin & Pick<AdminToken, 'hash' | 'expiresAt'>;

/**
 * @param environmentToken undefined: there is none
 * @param tokens those that are stored
 */
export function createAdmins(
  environmentToken: string | undefined,
  tokens: readonly AdminToken[] = [],
  now: () => number = Date.now,
): Admins {
  const fixed: Known[] = [];
  if (environmentToken !== undefined) {
    fixed.push({ num: undefined, name: 'environment', hash: hashSecret(environmentToken), expiresAt: null });
  }
  let stored: readonly Known[] = tokens;
  // Looked at each time: a token expires while it is known.
  const known = (): Known[] => [...fixed, ...stored].filter(({ expiresAt }) => expiresAt === null || expiresAt > now());
  return {
    find: (token) => findSecret(token, known()),
    findByNumber: (wanted) => known().find(({ num }) => num === wanted),
    added(token) {
      stored = [...stored, token];
    },
    removed(num) {
      stored = stored.filter((token) => token.num !== num);
    },
  };
}
