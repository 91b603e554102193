import { describe, expect, it } from 'vitest';
import { outcomeOfApns } from '../../../../../core/channel/apns/errors.js';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';

const MINUTES_15 = 900_000;

function outcomeOf(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return outcomeOfApns({ kind: 'answered', status, headers, body: Buffer.from(text) });
}

const kinds: Record<string, readonly (readonly [status: number, reason: string])[]> = {
  token_dead: [
    [410, 'Unregistered'],
    [410, 'ExpiredToken'],
  ],
  token_set_aside: [
    [400, 'BadDeviceToken'],
    [400, 'DeviceTokenNotForTopic'],
    [400, 'MissingDeviceToken'],
  ],
  channel_down: [
    [403, 'InvalidProviderToken'],
    [403, 'MissingProviderToken'],
    [403, 'BadCertificate'],
    [403, 'BadCertificateEnvironment'],
    [403, 'BadEnvironmentKeyIdInToken'],
    [403, 'UnrelatedKeyIdInToken'],
    [403, 'Forbidden'],
    [400, 'TopicDisallowed'],
    [400, 'BadTopic'],
    [400, 'MissingTopic'],
    [404, 'BadPath'],
    [405, 'MethodNotAllowed'],
  ],
  payload_bad: [
    [413, 'PayloadTooLarge'],
    [400, 'PayloadEmpty'],
    [400, 'BadCollapseId'],
    [400, 'BadExpirationDate'],
    [400, 'BadMessageId'],
    [400, 'BadPriority'],
    [400, 'DuplicateHeaders'],
    [400, 'InvalidPushType'],
  ],
};
const table = Object.entries(kinds).flatMap(([kind, rows]) => rows.map((row) => [kind, ...row] as const));

describe('an answer of APNs', () => {
  it.each(table)('is %s for %i %s', (kind, status, reason) => {
    expect(outcomeOf(status, { reason })).toMatchObject({ kind, reason });
  });

  it('of 200 is accepted, whatever stands in it', () => {
    for (const body of ['', '<html>', { reason: 'Unregistered' }])
      expect(outcomeOf(200, body)).toEqual({ kind: 'accepted' });
  });

  it('of 410 tells since when the token is dead, if it does', () => {
    const at = 1_790_000_000_123;
    expect(outcomeOf(410, { reason: 'Unregistered', timestamp: at })).toEqual({
      kind: 'token_dead',
      reason: 'Unregistered',
      at,
    });
    for (const timestamp of [undefined, null, 'yesterday', -1, 0]) {
      expect(outcomeOf(410, { reason: 'Unregistered', timestamp })).toMatchObject({
        kind: 'token_dead',
        at: undefined,
      });
    }
  });

  it('of 410 kills no token without a reason that is known', () => {
    for (const body of ['', '<html>', {}, { reason: 'Gone' }])
      expect(outcomeOf(410, body)).not.toMatchObject({ kind: 'token_dead' });
  });

  it('of 429 slows down this token, by Retry-After if it is there', () => {
    const throttled: WakeOutcome = { kind: 'retry', scope: 'token', reason: 'TooManyRequests', afterMs: undefined };
    expect(outcomeOf(429, { reason: 'TooManyRequests' })).toEqual(throttled);
    expect(outcomeOf(429, { reason: 'TooManyRequests' }, { 'retry-after': '7' })).toEqual({
      ...throttled,
      afterMs: 7000,
    });
  });

  it('about its JWT is for who makes the JWTs', () => {
    expect(outcomeOf(403, { reason: 'ExpiredProviderToken' })).toBe('renew_token');
    expect(outcomeOf(429, { reason: 'TooManyProviderTokenUpdates' })).toBe('restore_token');
  });

  it('of 500 or 503 makes this message wait for 15 minutes, and all others only where APNs says it', () => {
    for (const [status, body] of [
      [500, { reason: 'InternalServerError' }],
      [503, { reason: 'ServiceUnavailable' }],
      [503, '<html>'],
      [502, ''],
    ] as const) {
      expect(outcomeOf(status, body)).toMatchObject({ kind: 'retry', scope: 'token', afterMs: MINUTES_15 });
      const told = outcomeOf(status, body, { 'retry-after': '60' });
      expect(told).toMatchObject({ kind: 'retry', scope: 'channel', afterMs: 60_000 });
    }
    expect(outcomeOf(503, { reason: 'Shutdown' })).toMatchObject({ kind: 'retry', scope: 'token', afterMs: 1000 });
  });

  it('with a reason that is not known says no more than its status', () => {
    for (const reason of ['A new one', 'a'.repeat(64), 7, null, { a: 1 }]) {
      expect(outcomeOf(400, { reason })).toEqual({ kind: 'payload_bad', reason: 'http_400' });
      expect(outcomeOf(403, { reason })).toEqual({ kind: 'channel_down', reason: 'http_403' });
    }
  });
});
