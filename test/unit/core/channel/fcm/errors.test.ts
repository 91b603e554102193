import { describe, expect, it } from 'vitest';
import { outcomeOfFcm } from '../../../../../core/channel/fcm/errors.js';
import { fcmRefusal } from '../../../../support/vendors/fcm.js';

function outcomeOf({ status, body }: { status: number; body?: unknown }, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return outcomeOfFcm({ kind: 'answered', status, headers, body: Buffer.from(text ?? '') });
}
const fieldViolation = (field: string) => [
  { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: 'x' }] },
];

describe('an answer of FCM', () => {
  it('is accepted with the name of the message, and unknown without', () => {
    expect(outcomeOf({ status: 200, body: { name: 'projects/a/messages/1' } })).toEqual({ kind: 'accepted' });
    for (const body of ['', '<html>', {}, { name: 1 }]) {
      expect(outcomeOf({ status: 200, body })).toMatchObject({ kind: 'unknown' });
    }
  });

  it.each([
    ['token_dead', fcmRefusal(404, 'NOT_FOUND', 'UNREGISTERED'), 'UNREGISTERED'],
    ['channel_down', fcmRefusal(404, 'NOT_FOUND'), 'NOT_FOUND'],
    ['channel_down', { status: 404, body: '<html>' }, 'http_404'],
    ['token_set_aside', fcmRefusal(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), 'SENDER_ID_MISMATCH'],
    ['channel_down', fcmRefusal(403, 'PERMISSION_DENIED'), 'PERMISSION_DENIED'],
    ['channel_down', { status: 403, body: '' }, 'http_403'],
    ['channel_down', fcmRefusal(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'), 'THIRD_PARTY_AUTH_ERROR'],
    ['payload_bad', fcmRefusal(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'), 'INVALID_ARGUMENT'],
    ['payload_bad', fcmRefusal(400, 'INVALID_ARGUMENT', undefined, fieldViolation('message.data')), 'INVALID_ARGUMENT'],
    [
      'token_set_aside',
      fcmRefusal(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', fieldViolation('message.token')),
      'INVALID_ARGUMENT',
    ],
    ['payload_bad', { status: 400, body: '<html>' }, 'http_400'],
  ])('is %s for %o', (kind, answer, reason) => {
    expect(outcomeOf(answer)).toEqual({ kind, reason });
  });

  it('of 401 is for who makes the access tokens', () => {
    expect(outcomeOf(fcmRefusal(401, 'UNAUTHENTICATED'))).toBe('renew_token');
    expect(outcomeOf({ status: 401, body: '<html>' })).toBe('renew_token');
  });

  it('of 429 waits for a minute, or as Retry-After says; for one device, if the quota is that of one', () => {
    const project = fcmRefusal(429, 'RESOURCE_EXHAUSTED');
    const quota = (subject: string) => [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ subject, description: 'x' }] },
    ];
    const retry = { kind: 'retry', scope: 'channel', afterMs: 60_000 };
    expect(outcomeOf(project)).toMatchObject(retry);
    expect(outcomeOf({ status: 429, body: '' })).toMatchObject(retry);
    expect(outcomeOf(fcmRefusal(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'))).toMatchObject(retry);
    const device = fcmRefusal(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', quota('device:1'));
    expect(outcomeOf(device)).toMatchObject({ ...retry, scope: 'token' });
    expect(outcomeOf(project, { 'retry-after': '7' })).toMatchObject({ ...retry, afterMs: 7000 });
  });

  it('of 5xx waits for 10 seconds at the least, or as Retry-After says', () => {
    for (const answer of [fcmRefusal(503, 'UNAVAILABLE', 'UNAVAILABLE'), { status: 502, body: '<html>' }]) {
      expect(outcomeOf(answer)).toMatchObject({ kind: 'retry', scope: 'channel', afterMs: 10_000 });
      expect(outcomeOf(answer, { 'retry-after': '30' })).toMatchObject({ kind: 'retry', afterMs: 30_000 });
    }
    const internal = fcmRefusal(500, 'INTERNAL', 'INTERNAL');
    expect(outcomeOf(internal)).toMatchObject({ kind: 'retry', scope: 'token', afterMs: 10_000 });
  });
});
