import { describe, expect, it } from 'vitest';
import { createAnswerReader } from '../../../../../core/channel/webpush/errors.js';
import type { HttpsResult } from '../../../../../core/outbound/https-client.js';

const answer = (status: number, headers = {}): HttpsResult => ({
  kind: 'answered',
  status,
  headers,
  body: Buffer.from('<html>'),
});
const outcomeOf = (result: HttpsResult) => createAnswerReader().outcomeOf('https://push.example/1', result);

describe('an answer of a push service', () => {
  it.each([
    [200, 'accepted'],
    [201, 'accepted'],
    [202, 'accepted'],
    [204, 'accepted'],
    [301, 'token_set_aside'],
    [307, 'token_set_aside'],
    [400, 'payload_bad'],
    [401, 'token_set_aside'],
    [403, 'token_set_aside'],
    [404, 'token_dead'],
    [405, 'payload_bad'],
    [406, 'retry'],
    [408, 'retry'],
    [410, 'token_dead'],
    [413, 'payload_bad'],
    [415, 'payload_bad'],
    [429, 'retry'],
    [500, 'retry'],
    [502, 'retry'],
    [503, 'retry'],
  ])('of status %i is %s', (status, kind) => {
    const outcome = outcomeOf(answer(status));
    expect(outcome).toMatchObject(kind === 'accepted' ? { kind } : { kind, reason: `http_${status}` });
  });

  it.each([429, 503])('of status %i makes the token wait as it says, and no other token', (status) => {
    const expected = { kind: 'retry', scope: 'token', afterMs: 120_000 };
    expect(outcomeOf(answer(status, { 'retry-after': '120' }))).toMatchObject(expected);
  });

  it('that never came is unknown, or a later try of this token where nothing was sent', () => {
    expect(outcomeOf({ kind: 'lost', reason: 'timeout' })).toEqual({ kind: 'unknown', reason: 'timeout' });
    const later = { kind: 'retry', scope: 'token', unasked: true, reason: 'ECONNREFUSED' };
    expect(outcomeOf({ kind: 'unsent', reason: 'ECONNREFUSED' })).toEqual(later);
  });

  it('that was not asked for, since the host is private, sets the token aside', () => {
    const aside = { kind: 'token_set_aside', reason: 'ENOTPUBLIC' };
    expect(outcomeOf({ kind: 'unsent', reason: 'ENOTPUBLIC' })).toEqual(aside);
  });
});

describe('a refusal of the key', () => {
  const endpoint = (n: number): string => `https://push.example/${n}`;

  it('is the fault of one subscription, of three different ones in a row that of the key', () => {
    const reader = createAnswerReader();
    const kinds = [1, 1, 2, 3].map((n) => reader.outcomeOf(endpoint(n), answer(403)).kind);
    expect(kinds).toEqual(['token_set_aside', 'token_set_aside', 'token_set_aside', 'channel_down']);
  });

  it('says nothing of the key where another subscription goes well in between', () => {
    const reader = createAnswerReader();
    const kinds = Array.from({ length: 12 }, (_, n) => {
      if (n % 2 === 0) reader.outcomeOf(endpoint(0), answer(201));
      return reader.outcomeOf(endpoint(n), answer(403)).kind;
    });
    expect(kinds).toEqual(kinds.map(() => 'token_set_aside'));
  });

  it('does not keep the channel down for ever by one subscription that is tried again and again', () => {
    const reader = createAnswerReader();
    for (const n of [1, 2, 3]) reader.outcomeOf(endpoint(n), answer(401));
    expect(reader.outcomeOf(endpoint(3), answer(401)).kind).toBe('token_set_aside');
  });
});
