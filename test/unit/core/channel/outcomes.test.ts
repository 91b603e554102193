import { describe, expect, it } from 'vitest';
import { outcomeOfHms } from '../../../../core/channel/hms/errors.js';
import {
  findJsonObject,
  type HttpsAnswer,
  outcomeOfFailure,
  outcomeOfStatus,
  probeOfOutcome,
} from '../../../../core/channel/http-outcome.js';
import { outcomeOfMiPush } from '../../../../core/channel/mipush/errors.js';
import { outcomeOfOppo } from '../../../../core/channel/oppo/errors.js';
import { outcomeOfVivo } from '../../../../core/channel/vivo/errors.js';
import { retryAfterMs } from '../../../../core/outbound/retry-after.js';

const answer = (body: unknown, status = 200, headers = {}): HttpsAnswer => ({
  kind: 'answered',
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

describe('an answer of which only the status is understood', () => {
  it.each([
    [200, 'unknown'],
    [204, 'unknown'],
    [302, 'channel_down'],
    [400, 'payload_bad'],
    [401, 'channel_down'],
    [403, 'channel_down'],
    [404, 'channel_down'],
    [408, 'retry'],
    [413, 'payload_bad'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('of %i is %s', (status, kind) => {
    expect(outcomeOfStatus(answer('', status)).kind).toBe(kind);
  });
});

describe('a request without an answer', () => {
  it('is tried again where nothing was sent, and unknown otherwise', () => {
    const reason = 'ECONNREFUSED';
    expect(outcomeOfFailure({ kind: 'unsent', reason })).toEqual({
      kind: 'retry',
      scope: 'channel',
      unasked: true,
      reason,
    });
    expect(outcomeOfFailure({ kind: 'lost', reason })).toEqual({ kind: 'unknown', reason });
  });
});

describe('Retry-After', () => {
  it('is read as seconds, or as a date', () => {
    expect(retryAfterMs('120')).toBe(120_000);
    const date = retryAfterMs(new Date(Date.now() + 90_000).toUTCString());
    expect(date).toBeGreaterThan(80_000);
    expect(date).toBeLessThanOrEqual(90_000);
  });

  it('is a day at the most, and nothing where it makes no sense', () => {
    expect(retryAfterMs('99999999999')).toBe(86_400_000);
    expect(retryAfterMs('9'.repeat(400))).toBe(86_400_000);
    for (const header of [undefined, '', 'soon', '-1', '1.5', 'Wed, 21 Oct 2015 07:28:00 GMT']) {
      expect(retryAfterMs(header)).toBeUndefined();
    }
  });
});

describe('the result of a probe', () => {
  it('tells a vendor who refuses from one who cannot be reached', () => {
    expect(probeOfOutcome({ kind: 'accepted' })).toEqual({ kind: 'ok' });
    expect(probeOfOutcome({ kind: 'channel_down', reason: 'x' })).toEqual({ kind: 'refused', reason: 'x' });
    expect(probeOfOutcome({ kind: 'unknown', reason: 'x' })).toEqual({ kind: 'unreachable', reason: 'x' });
  });
});

describe('an answer in JSON', () => {
  it('is an object, or none', () => {
    expect(findJsonObject(Buffer.from('{"a":1}'))).toEqual({ a: 1 });
    for (const text of ['', '[]', 'null', '"a"', '1', '<html>', '{"a":']) {
      expect(findJsonObject(Buffer.from(text))).toBeUndefined();
    }
    expect(findJsonObject(undefined)).toBeUndefined();
  });
});

const caused = (cause: string): string => JSON.stringify({ illegalTokens: { [cause]: ['t'] }, success: 0, failure: 1 });

describe("Huawei's codes", () => {
  it.each([
    ['80000000', 'accepted'],
    ['80100000', 'token_set_aside'],
    ['80100001', 'payload_bad'],
    ['80100003', 'payload_bad'],
    ['80100016', 'payload_bad'],
    ['80300002', 'channel_down'],
    ['80300007', 'token_set_aside'],
    ['80300008', 'payload_bad'],
    ['80300029', 'retry'],
    ['80300037', 'channel_down'],
    ['80600003', 'channel_down'],
    ['81000001', 'retry'],
    ['89999999', 'payload_bad'],
  ])('%s is %s', (code, kind) => {
    expect(outcomeOfHms(answer({ code, msg: 'x' }))).toMatchObject({ kind });
  });

  it.each(['80200001', '80200003', '80200005'])('%s asks for another access token', (code) => {
    expect(outcomeOfHms(answer({ code, msg: 'x' }, 401))).toBe('renew_token');
  });

  it.each([
    ['tokenFormatError', 'token_dead'],
    ['tokenPlatformNotSupport', 'token_dead'],
    ['noRight', 'token_set_aside'],
    ['noPushTypeRight', 'channel_down'],
    ['appinfoError', 'channel_down'],
    ['differentImgVerifyPolicy', 'payload_bad'],
    ['somethingNew', 'token_set_aside'],
    ['__proto__', 'token_set_aside'],
  ])('of a token with the cause %s is %s', (cause, kind) => {
    expect(outcomeOfHms(answer({ code: '80300007', msg: caused(cause) }))).toMatchObject({ kind });
  });

  it('say nothing where the body is none of theirs: then the status does', () => {
    expect(outcomeOfHms(answer('<html>', 503))).toMatchObject({ kind: 'retry', reason: 'http_503' });
    expect(outcomeOfHms(answer({ code: '8030000780300007' }, 404))).toMatchObject({ kind: 'channel_down' });
  });
});

describe("Xiaomi's codes", () => {
  it.each([
    [0, 'accepted'],
    [10001, 'retry'],
    [10008, 'payload_bad'],
    [10016, 'payload_bad'],
    [10027, 'retry'],
    [10034, 'retry'],
    [21301, 'channel_down'],
    [22022, 'channel_down'],
    [27001, 'channel_down'],
    [65003, 'token_set_aside'],
    [65009, 'payload_bad'],
    [65015, 'payload_bad'],
  ])('%i is %s', (code, kind) => {
    expect(outcomeOfMiPush(answer({ result: 'error', code }))).toMatchObject({ kind });
  });

  it('of a share that is used up wait for an hour', () => {
    expect(outcomeOfMiPush(answer({ code: 10034 }))).toMatchObject({ afterMs: 3_600_000, scope: 'channel' });
    expect(outcomeOfMiPush(answer({ code: 10027 }))).toMatchObject({ afterMs: 60_000, scope: 'channel' });
    expect(outcomeOfMiPush(answer({ code: 10027 }, 200, { 'retry-after': '5' }))).toMatchObject({ afterMs: 5_000 });
  });
});

describe("OPPO's codes", () => {
  it.each([
    [0, 'accepted'],
    [32, 'accepted'],
    [-1, 'retry'],
    [-2, 'retry'],
    [13, 'retry'],
    [33, 'retry'],
    [14, 'channel_down'],
    [16, 'channel_down'],
    [28, 'channel_down'],
    [40, 'payload_bad'],
    [41, 'payload_bad'],
    [67, 'payload_bad'],
    [10000, 'token_set_aside'],
  ])('%i is %s', (code, kind) => {
    expect(outcomeOfOppo(answer({ code, message: 'x' }))).toMatchObject({ kind });
  });

  it.each([11, 29])('%i asks for another access token', (code) => {
    expect(outcomeOfOppo(answer({ code }))).toBe('renew_token');
  });
});

describe("vivo's codes", () => {
  it.each([
    [0, 'accepted'],
    [10045, 'channel_down'],
    [10056, 'payload_bad'],
    [10070, 'retry'],
    [10072, 'retry'],
    [10094, 'channel_down'],
    [10302, 'token_set_aside'],
  ])('%i is %s', (result, kind) => {
    expect(outcomeOfVivo(answer({ result, desc: 'x' }))).toMatchObject({ kind });
  });

  it.each([
    [1, 'token_dead'],
    [2, 'token_dead'],
    [3, 'token_set_aside'],
    [4, 'token_set_aside'],
  ])('with the state %i of the device is %s', (status, kind) => {
    const body = { result: 10302, invalidUser: { status, userid: '123' } };
    expect(outcomeOfVivo(answer(body))).toEqual({ kind, reason: `10302:${status}` });
  });
});
