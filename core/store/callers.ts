import type { AccessReports, AdminToken, AuditEntry } from '../domain/access.js';
import type { Scope } from '../domain/app.js';

/** A key that an app gets beside those that it has. */
export interface NewAppKey {
  /** The app's number. */
  readonly appNum: number;
  /** A name for people, not empty. */
  readonly name: string;
  /** Use that it is for. */
  readonly scope: Scope;
  /** A hash of the key. */
  readonly keyHash: string;
  /** Milliseconds since the epoch; null: it does not expire. */
  readonly expiresAt: number | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A token of an admin. */
export type NewAdminToken = Omit<AdminToken, 'num' | 'lastUsedAt'>;

/** Keys and tokens that were used. */
export interface Uses {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Numbers of keys of apps. */
  readonly keys: readonly number[];
  /** Numbers of admin tokens. */
  readonly tokens: readonly number[];
}

/** Look-ups of who may call: each sees everything that was committed before it began. */
export interface CallerReader extends AccessReports {
  /** Numbers of the oldest entries of the audit log up to a time, at the most `limit`. */
  findOldEntries(until: number, limit: number): Promise<number[]>;
}

/** Commits of who may call: each call is one transaction. */
export interface CallerWriter {
  /** Gives apps further keys. Answers their numbers in the order of the call. Rejects with TOO_MANY_KEYS. */
  commitAppKeys(keys: readonly NewAppKey[]): Promise<number[]>;
  /** Removes keys. Answers in the order of the call whether the app had it. */
  commitKeyRevocations(keys: readonly { appNum: number; num: number }[]): Promise<boolean[]>;
  /** Keeps admin tokens. Answers them in the order of the call. Rejects with TOO_MANY_KEYS. */
  commitAdminTokens(tokens: readonly NewAdminToken[]): Promise<AdminToken[]>;
  /** Removes admin tokens. Answers in the order of the call whether there was one. */
  commitTokenRevocations(nums: readonly number[]): Promise<boolean[]>;
  /** Removes entries of the audit log. Answers how many. */
  commitEntryRemovals(nums: readonly number[]): Promise<number>;
  /** Keeps when keys and tokens were used last. */
  commitUses(uses: readonly Uses[]): Promise<void>;
  /**
   * The next commit keeps these entries of the audit log too, in its transaction, instead of any that were given
   * before: a change and its entry are both there, or neither.
   */
  alongside(entries: readonly AuditEntry[]): void;
}
