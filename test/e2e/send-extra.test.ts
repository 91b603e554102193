import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../common/contract/fields.js';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice } from '../support/device.js';
import { send } from '../support/rest.js';
import { basic, failureOf, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';

let stack: Stack;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack();
  audience = createAudience(stack);
});
afterEach(() => audience.close());
afterAll(() => stack?.stop());

const ALERT = 'a "extra": {';

/** Sends a push with these members besides the ones that every push has, to one user and to everyone. */
async function pushWith(members: string, alias: string): Promise<void> {
  for (const audiences of [[alias], 'ALL']) {
    const required = JSON.stringify({ ...TEST_APP, audiences, alert: ALERT }).slice(1, -1);
    const { status, text } = await send(stack.httpUrl, `{${members}${members && ','}${required}}`);
    expect(status, text).toBe(200);
  }
}

/** The text of `extra` in a frame of `pushWith`; undefined if it has none. */
function extraOf(frame: string): string | undefined {
  const { groups } = /"alert":"a \\"extra\\": \{"(?<extra>,"extra":.*)?,"pushMsgType":"MSG"/s.exec(frame) ?? {};
  if (groups === undefined) throw new Error(`no frame as documented: ${frame}`);
  return groups.extra?.slice(',"extra":'.length);
}

/** A value of so many levels. */
function nested(levels: number): string {
  const [lists, objects] = [Math.ceil(levels / 2), Math.floor(levels / 2)];
  return `${'['.repeat(lists)}${'{"a":'.repeat(objects)}1.10${'}'.repeat(objects)}${']'.repeat(lists)}`;
}

const EXTRAS: [string, string][] = [
  ['a 64-bit integer', '9223372036854775807'],
  ['an integer beyond every type', '123456789012345678901234567890123456789'],
  ['a number with a zero at the end', '1.10'],
  ['minus zero', '-0'],
  ['a number with an exponent', '1.0E+2'],
  ['a number beyond a double', '1e400'],
  ['a number below a double', '-1e-400'],
  ['a string', '"text"'],
  ['an empty string', '""'],
  ['a string of JSON', '"{\\"extra\\":[1]}"'],
  ['a string with escapes', '"\\u00e9\\/\\b\\f\\n\\r\\t\\\\\\""'],
  ['a string that ends in backslashes', '"\\\\\\\\"'],
  ['a string with braces, brackets and commas', '"}]{[,:\\"}"'],
  ['a string beyond ASCII', '"é中😀\u2028\u2029\u007f"'],
  ['half a surrogate pair, escaped', '"\\ud83d"'],
  ['NUL, escaped', '"\\u0000"'],
  ['true', 'true'],
  ['false', 'false'],
  ['zero', '0'],
  ['an empty object', '{}'],
  ['an empty list', '[]'],
  ['a list', '[1.10,null,"]",[{}],{"a":[]}]'],
  ['an object with long numbers', '{"orderId":9223372036854775807,"price":1.10,"extra":{"extra":null}}'],
  ['an object with spaces in it', '{ "a" :\t[ 1 ,\n2 ] ,\r\n "b" : { } }'],
  ['an object with a member twice', '{"a":1,"a":2,"__proto__":{"b":1},"":0}'],
  ['60 levels', nested(60)],
  ['a long text', JSON.stringify('x\\"{'.repeat(4000))],
];

describe('extra', () => {
  it.each(EXTRAS)('arrives to the byte: %s', async (_, extra) => {
    const online = await audience.listen();
    const offline = await audience.listen({ platform: 'IOS' });
    for (const listener of [online, offline]) await audience.got(listener);
    await offline.device.close();
    await pushWith(`"extra":${extra}`, online.alias);
    await pushWith(`"extra" \n:\t${extra} \n`, offline.alias);
    const later = { ...offline, device: connectDevice(stack.wsUrl, offline.deviceId) };
    expect((await audience.got(online)).map(extraOf)).toEqual([extra, extra, extra]);
    expect((await audience.got(later)).map(extraOf)).toEqual([extra, extra, extra]);
    await later.device.close();
  });

  it.each([
    ['is not given', '', undefined],
    ['is null', '"extra":null', undefined],
    ['is given twice: the last one counts', '"extra":1.10,"extra":{"b":2.20}', '{"b":2.20}'],
    ['is null the first time', '"extra":null,"extra":1.0', '1.0'],
    ['is null the last time', '"extra":1.0,"extra":null', undefined],
    ['is written with escapes', '"\\u0065xtr\\u0061":1.10', '1.10'],
    ['is written with escapes the second time', '"extra":1,"\\u0065xtra":2.0', '2.0'],
    ['stands in other values too', '"x":{"extra":1},"y":"\\"extra\\":2","z":["extra",3]', undefined],
    ['stands between such values', '"x":{"extra":1},"extra":2.0,"y":"\\",\\"extra\\":3"', '2.0'],
    ['has a name that only begins so', '"extra\\u0000":1,"extra ":2,"Extra":3,"extr":4', undefined],
  ])('counts as documented where it %s', async (_, members, extra) => {
    const listener = await audience.listen();
    await pushWith(members, listener.alias);
    const [frame = '', ...more] = await audience.got(listener);
    expect(extraOf(frame)).toBe(extra);
    expect(more.map(extraOf)).toEqual([extra]);
  });
});

describe('extra of more than 60 levels', () => {
  const RULE = 'must be JSON of at most 1048576 bytes and 60 levels';

  it.each([61, 62, 500, 10_000])('is refused by REST where it stands: %d', async (levels) => {
    for (const [first, second] of [
      [`"extra":${nested(levels)},`, ''],
      ['"a":[{}],', `,"\\u0065xtra" : ${nested(levels)}`],
    ]) {
      const required = JSON.stringify({ ...TEST_APP, audiences: ['x'], alert: 'x' }).slice(1, -1);
      const { status, text } = await send(stack.httpUrl, `{${first}${required}${second}}`);
      expect(status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({ code: 40001, message: expect.stringContaining(`extra ${RULE}`) });
    }
  });

  it.each(['grpc', 'connect'] as const)('is refused over %s', async (protocol) => {
    const client = pushCoreClient(stack, protocol);
    const audience = { audience: { case: 'aliases' as const, value: { values: ['x'] } } };
    for (const levels of [61, 200_000]) {
      const sent = client.sendPush(
        { audience, alert: 'x', extraJson: nested(levels) },
        basic(TEST_APP.appId, TEST_APP.appKey),
      );
      const { message } = await failureOf(sent);
      expect(message).toContain(`extraJson ${RULE.replace('JSON', 'JSON text')}`);
    }
  });

  it('is no matter of what other members have, but the whole body has at most 61', async () => {
    const required = JSON.stringify({ ...TEST_APP, audiences: ['x'], alert: 'x' }).slice(1, -1);
    expect((await send(stack.httpUrl, `{"unknown":${nested(60)},${required}}`)).status).toBe(200);
    const { status, text } = await send(stack.httpUrl, `{"unknown":${nested(61)},${required}}`);
    expect([status, text]).toEqual([400, expect.stringContaining('the body has more than 61 levels')]);
  });
});

describe.each(storeKinds())('the largest extra, on %s', (store) => {
  // Each of its bytes is escaped in the content of the push, and again in the store's statement.
  const largest = `"${'\\"'.repeat((LIMITS.extraBytes - 2) / 2)}"`;
  const rule = (what: string) =>
    `must be ${what} of at most ${LIMITS.extraBytes} bytes and ${LIMITS.extraLevels} levels`;

  it('reaches its device; one byte more is refused', async () => {
    const large = await startStack({ store, edgeEnv: { ONEPUSH_MAX_BODY_BYTES: '4194304' } });
    const own = createAudience(large);
    try {
      const listener = await own.listen();
      const client = pushCoreClient(large, 'grpc');
      const credentials = basic(TEST_APP.appId, TEST_APP.appKey);
      const audience = { audience: { case: 'aliases' as const, value: { values: [listener.alias] } } };
      const overRpc = (extraJson: string) => client.sendPush({ audience, alert: ALERT, extraJson }, credentials);
      const overRest = (extra: string) => {
        const rest = JSON.stringify({ ...TEST_APP, audiences: [listener.alias], alert: ALERT }).slice(1);
        return send(large.httpUrl, `{"extra":${extra},${rest}`);
      };

      await overRpc(largest);
      expect((await overRest(largest)).status).toBe(200);
      const got = (await own.got(listener)).map(extraOf);
      expect(got.map((extra) => extra === largest)).toEqual([true, true]);

      expect((await failureOf(overRpc(`${largest} `))).message).toContain(`extraJson ${rule('JSON text')}`);
      const refused = await overRest(`"x${largest.slice(1)}`);
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(`extra ${rule('JSON')}`);
      expect(await own.got(listener)).toEqual([]);
    } finally {
      await own.close();
      await large.stop();
    }
  });
});
