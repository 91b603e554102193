import type { AuditEntry } from '../../domain/access.js';
import type { Caller } from './caller.js';

/** A caller who has shown a key or a token. */
type KnownCaller = Exclude<Caller, { kind: 'none' }>;

/** Part of the world that a call changes. */
export interface Change {
  /** Public id of the app; absent: none. */
  readonly appId?: string;
  /** The part of the app, never a secret; absent: the app itself. */
  readonly target?: string;
}

/** Writes the entries of one call for the audit log. */
export interface Trail {
  /** Returns the entry of a change, which is to be committed with it. */
  entry(change: Change): AuditEntry;
  /** True once there is an entry. */
  readonly used: boolean;
}

/** Maximum number of characters of a target, as the store takes it. */
const MAX_TEXT = 255;

/** The trail of methods that are not audited. */
export const NO_TRAIL: Trail = {
  used: false,
  entry() {
    throw new Error('this method is not audited: see access.ts');
  },
};

/** @param address that the call came from; empty: not known */
export function createTrail(caller: KnownCaller, method: string, address: string, now: () => number = Date.now): Trail {
  let used = false;
  return {
    get used() {
      return used;
    },
    entry({ appId = '', target = '' }) {
      used = true;
      return {
        at: now(),
        actor: actorOf(caller),
        appId,
        method,
        target: target.slice(0, MAX_TEXT).toWellFormed(),
        address,
        outcome: 'OK',
      };
    },
  };
}

function actorOf(caller: KnownCaller): AuditEntry['actor'] {
  switch (caller.kind) {
    case 'app':
      return { kind: 'app', id: caller.keyId, name: caller.keyName };
    case 'admin':
      return { kind: 'admin', id: caller.tokenId, name: caller.name };
  }
}
