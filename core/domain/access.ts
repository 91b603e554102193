import type { AppKey } from './app.js';

/** A key of an app, without its hash. */
export interface AppKeyDetails extends Omit<AppKey, 'hash'> {
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** To a minute or so, in milliseconds since the epoch; null: never. */
  lastUsedAt: number | null;
}

/** A token of an admin that the store keeps. */
export interface AdminToken {
  /** The store's own number. */
  num: number;
  /** A name for people. */
  name: string;
  /** Its SHA-256, see `hashSecret`. */
  hash: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** From when on it does not work any more, in milliseconds since the epoch; null: it works until it is revoked. */
  expiresAt: number | null;
  /** To a minute or so, in milliseconds since the epoch; null: never. */
  lastUsedAt: number | null;
}

/** Author of a change. */
export interface Actor {
  /** An app, by one of its keys, or an admin. */
  kind: 'app' | 'admin';
  /** Public id of the key or the token. */
  id: string;
  /** Its name. */
  name: string;
}

/** One change that an admin or a key with the scope manage has made. Holds no secret. */
export interface AuditEntry {
  /** Milliseconds since the epoch. */
  at: number;
  /** Author of the change. */
  actor: Actor;
  /** Public id of the app that was changed; empty: none. */
  appId: string;
  /** Name of the method. */
  method: string;
  /** The part of the app that was changed; empty: the app itself. */
  target: string;
  /** Address that the call came from; empty: not known. */
  address: string;
  /** OK, or the reason of the error. */
  outcome: string;
}

/** The entries that are asked for. Absent: any. */
export interface AuditFilter {
  /** Of this app. */
  appId?: string | undefined;
  /** Of this key or token. */
  actorId?: string | undefined;
  /** From this time on, in milliseconds since the epoch. */
  from?: number | undefined;
  /** Before this time. */
  until?: number | undefined;
}

/** Answers about keys, admin tokens and the audit log: each sees everything that was committed before it began. */
export interface AccessReports {
  /** The keys of an app, the newest first, also those that have expired and are not removed yet. */
  listAppKeys(appNum: number): Promise<AppKeyDetails[]>;
  /** All admin tokens, the newest first, also those that have expired and are not removed yet. */
  loadAdminTokens(): Promise<AdminToken[]>;
  /** Entries of the audit log with numbers below `before`, the newest first, at the most `limit`. */
  listAuditLog(filter: AuditFilter, before: number, limit: number): Promise<(AuditEntry & { num: number })[]>;
}
