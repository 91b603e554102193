import { create, fromBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../client/errors.js';
import { createOnePushClient, Platform, type Push, to } from '../../../client/index.js';
import { encodePush } from '../../../client/push.js';
import { encodeRequest } from '../../../client/requests.js';
import { RegisterDeviceRequestSchema } from '../../../gen/onepush/v1/device_pb.js';
import { SendPushRequestSchema } from '../../../gen/onepush/v1/push_pb.js';

/** A push as a program in JavaScript might make it. */
const encode = (more: object) => encodePush({ audience: to.everyone(), alert: 'x', ...more } as Push);

/** The fields that it is refused for. */
function refusedFields(call: () => unknown): string[] {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS', inDoubt: false });
    return (error as CallError).violations.map(({ field }) => field);
  }
  return [];
}

const circle: Record<string, unknown> = {};
circle.self = circle;
const deep = Array.from({ length: 200 }).reduce<ReturnType<typeof to.not>>((inner) => to.not(inner), to.everyone());

describe('a request that cannot be encoded is refused, naming the field', () => {
  it.each<[string, object, string]>([
    ['a part of a second', { ttlSeconds: 1.5 }, 'ttlSeconds'],
    ['a negative time to live', { ttlSeconds: -1 }, 'ttlSeconds'],
    ['a number as a string', { ttlSeconds: '60' }, 'ttlSeconds'],
    ['a BigInt', { ttlSeconds: 60n }, 'ttlSeconds'],
    ['not a number', { ttlSeconds: Number.NaN }, 'ttlSeconds'],
    ['a badge beyond 32 bits', { badge: 2 ** 40 }, 'badge'],
    ['a word that nobody knows', { platform: 'iPhone' }, 'platform'],
    ['a word of another enum', { priority: 'MSG' }, 'priority'],
    ['a string for a truth', { needConfirm: 'false' }, 'needConfirm'],
    ['a string for a duration', { duration: '1h' }, 'duration'],
    ['a number for a text', { alert: 5 }, 'alert'],
    ['half of a surrogate pair', { alert: '\ud800' }, 'alert'],
    ['a string for a time', { sendAt: '2027-01-01' }, 'sendAt'],
    ['milliseconds for a time', { sendAt: 1 }, 'sendAt'],
    ['a date that is none', { sendAt: new Date('never') }, 'sendAt'],
    ['numbers for the seconds of a time', { sendAt: { seconds: 1 } }, 'sendAt.seconds'],
    ['a BigInt in extra', { extra: { id: 1n } }, 'extra'],
    ['extra that is in itself', { extra: circle }, 'extra'],
    ['a function for extra', { extra: () => 1 }, 'extra'],
    ['extra twice', { extra: {}, extraJson: '{}' }, 'extra'],
    ['an object for extraJson', { extraJson: {} }, 'extraJson'],
    ['a misspelt field', { platfrom: 'IOS' }, 'platfrom'],
    ["a field in the schema's spelling", { ttl_seconds: 5 }, 'ttl_seconds'],
    ['an audience as JSON has it', { audience: { aliases: { values: ['a'] } } }, 'audience.aliases'],
    ['an audience of no kind', { audience: { audience: { case: 'users', value: {} } } }, 'audience.audience.case'],
    ['a string for an audience', { audience: 'ALL' }, 'audience'],
    ['one alias that is no string', { audience: to.aliases('a', null as never) }, 'audience.aliases.values[1]'],
    [
      'a string for aliases',
      { audience: to.allOf({ audience: { case: 'aliases', value: { values: 'bob' } } } as never) },
      'audience.allOf.audiences[0].aliases.values',
    ],
    ['an unknown platform', { audience: to.platforms('PHONE' as never) }, 'audience.platforms.values[0]'],
    [
      'more values than any message may have',
      { audience: to.aliases(...Array(10_001).fill('a')) },
      'audience.aliases.values',
    ],
  ])('%s', (_what, more, field) => {
    expect(refusedFields(() => encode(more))).toEqual([field]);
  });

  it('a tree deeper than any reader reads, however deep', () => {
    expect(refusedFields(() => encode({ audience: deep }))).toHaveLength(1);
    const endless: Record<string, unknown> = { audience: { case: 'not' } };
    endless.audience = { case: 'not', value: endless };
    expect(refusedFields(() => encode({ audience: endless }))).toHaveLength(1);
  });

  it.each([undefined, null, 'text', 5, []])('%j for a push', (push) => {
    expect(refusedFields(() => encodePush(push as unknown as Push))).toEqual(['']);
  });

  it('every field that is wrong, at most 20, and none of its values', () => {
    const wrong = { ttlSeconds: 'secret-1', badge: 'secret-2', platform: 'secret-3' };
    expect(refusedFields(() => encode(wrong))).toEqual(['ttlSeconds', 'badge', 'platform']);
    expect(() => encode(wrong)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
    const many = to.aliases(...Array.from({ length: 1000 }, () => 5 as never));
    expect(refusedFields(() => encode({ audience: many }))).toHaveLength(20);
  });

  it('more than a message of the service may have in bytes', () => {
    const huge = { extraJson: `"${'x'.repeat(16 * 1024 * 1024)}"` };
    expect(() => encode(huge)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('requests of every other method', () => {
    const device = { appId: 'a', alias: 'b', nativeToken: 'c', platform: 'IPHONE', tags: 'news' };
    expect(refusedFields(() => encodeRequest(RegisterDeviceRequestSchema, device))).toEqual(['platform', 'tags']);
  });
});

describe('a request may be written', () => {
  const read = (push: Push) => fromBinary(SendPushRequestSchema, encodePush(push).bytes);

  it('with a Date, words of REST and an object', () => {
    const sendAt = new Date('2027-01-01T00:00:00.5Z');
    const audience = to.platforms('IOS', Platform.WEB);
    const written: Push = {
      audience,
      alert: 'x',
      sendAt,
      platform: 'IOS',
      priority: 'HIGH',
      pushMsgType: 'CMD',
      extra: { a: [1] },
    };
    expect(read({ ...written, idempotencyKey: 'k' })).toEqual(
      create(SendPushRequestSchema, {
        idempotencyKey: 'k',
        audience: to.platforms(Platform.IOS, Platform.WEB),
        alert: 'x',
        sendAt: timestampFromDate(sendAt),
        platform: 2,
        priority: 3,
        pushMsgType: 2,
        extraJson: '{"a":[1]}',
      }),
    );
    expect(read({ platform: 'ALL' }).platform).toBe(0);
  });

  it('with null and undefined for what is not there', () => {
    const absent = { sound: null, badge: undefined, sendAt: null, extra: null, idempotencyKey: null };
    expect(read({ alert: 'x', ...(absent as object) })).toMatchObject({ alert: 'x', sound: '', extraJson: '' });
  });

  it('as a message, which is not changed', () => {
    const message = create(SendPushRequestSchema, { alert: 'x', badge: 5 });
    const [first, second] = [read(message), read(message)];
    expect(first).toMatchObject({ alert: 'x', badge: 5 });
    expect(first.idempotencyKey).not.toBe(second.idempotencyKey);
    expect(message.idempotencyKey).toBe('');
  });
});

it('options with a token that no header can carry are refused, without showing it', () => {
  for (const adminToken of ['se cret', 'secret\n', 'sécret', '']) {
    expect(() => createOnePushClient({ address: 'localhost:1', adminToken })).toThrow(
      new TypeError('adminToken must be visible ASCII'),
    );
  }
});
