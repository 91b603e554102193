import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import {
  type AdminTokenSchema,
  type AppKeySchema,
  type AuditEntrySchema,
  KeyScope,
} from '../../../gen/onepush/v1/access_pb.js';
import type { AdminToken, AppKeyDetails, AuditEntry } from '../../domain/access.js';
import type { Scope } from '../../domain/app.js';

/** Stands for the id of the admin token of the environment. */
const ENVIRONMENT_ID = 'environment';

const SCOPE: Record<KeyScope, Scope | undefined> = {
  [KeyScope.UNSPECIFIED]: undefined,
  [KeyScope.SEND]: 'send',
  [KeyScope.READ]: 'read',
  [KeyScope.MANAGE]: 'manage',
};
const WIRE_SCOPE: Record<Scope, KeyScope> = {
  send: KeyScope.SEND,
  read: KeyScope.READ,
  manage: KeyScope.MANAGE,
};

/** @param scope one that keeps the rules of the schema */
export function fromWireScope(scope: KeyScope): Scope {
  const known = SCOPE[scope];
  if (known === undefined) throw new OnePushError('INVALID_FIELDS');
  return known;
}

/** Returns the id by which callers know a key. */
export function toKeyId(num: number): string {
  return `k${num}`;
}

/** Returns the number of a key; undefined if this cannot be the id of one. */
export function parseKeyId(id: string): number | undefined {
  return parseId(/^k([1-9]\d{0,8})$/, id);
}

/** Returns the id by which callers know an admin token; undefined: it is that of the environment. */
export function toTokenId(num: number | undefined): string {
  return num === undefined ? ENVIRONMENT_ID : `t${num}`;
}

/** Returns the number of an admin token; undefined if this cannot be the id of one. */
export function parseTokenId(id: string): number | undefined {
  return parseId(/^t([1-9]\d{0,8})$/, id);
}

function parseId(pattern: RegExp, id: string): number | undefined {
  const digits = pattern.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reads the time at which a key or a token is to end.
 *
 * @returns milliseconds since the epoch; null: never
 * @throws OnePushError INVALID_FIELDS if it is not later than `now`
 */
export function fromExpiry(time: Timestamp | undefined, now: number): number | null {
  if (time === undefined) return null;
  const expiresAt = timestampMs(time);
  if (Number.isSafeInteger(expiresAt) && expiresAt > now) return expiresAt;
  throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'expiresAt', rule: 'must be later than now' }] });
}

/** Returns a key as callers see it. */
export function toWireKey(key: AppKeyDetails): MessageInitShape<typeof AppKeySchema> {
  const { num, name, scope } = key;
  return { id: toKeyId(num), name, scope: WIRE_SCOPE[scope], ...toWireTimes(key) };
}

/** Returns an admin token as callers see it. */
export function toWireToken(token: AdminToken): MessageInitShape<typeof AdminTokenSchema> {
  return { id: toTokenId(token.num), name: token.name, ...toWireTimes(token) };
}

function toWireTimes({ createdAt, expiresAt, lastUsedAt }: Pick<AdminToken, 'createdAt' | 'expiresAt' | 'lastUsedAt'>) {
  return {
    createdAt: timestampFromMs(createdAt),
    ...(expiresAt !== null && { expiresAt: timestampFromMs(expiresAt) }),
    ...(lastUsedAt !== null && { lastUsedAt: timestampFromMs(lastUsedAt) }),
  };
}

/** Returns an entry of the audit log as callers see it. */
export function toWireAuditEntry({
  at,
  actor,
  appId,
  method,
  target,
  address,
  outcome,
}: AuditEntry): MessageInitShape<typeof AuditEntrySchema> {
  const time = timestampFromMs(at);
  return { time, actorId: actor.id, actorName: actor.name, appId, method, target, address, outcome };
}
