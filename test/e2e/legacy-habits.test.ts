import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/expect-error.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { post, request } from '../support/rest.js';
import { basic } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

let stack: Stack;
let audience: Audience;
let strict: RunningProcess;
let strictUrl: string;
beforeAll(async () => {
  stack = await startStack();
  audience = createAudience(stack);
  strict = await startProcess('edge', {
    ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
    ONEPUSH_CORE_ADDRS: stack.grpcAddr,
    ONEPUSH_STRICT_JSON: '1',
  });
  strictUrl = `http://${strict.ready.http}`;
  await eventually(async () => (await fetch(`${strictUrl}/readyz`)).status === 200);
});
afterEach(() => audience.close());
afterAll(async () => {
  await strict?.stop();
  await stack?.stop();
});

const SEND = '/msgpush/send';
const REGISTER = '/msgpush/register';
const APP = `"appId":"${TEST_APP.appId}","appKey":"${TEST_APP.appKey}"`;
const WARNING = 'x-onepush-warning';
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
/** A name that is a number, of more digits than a double has. */
const bigNumber = (): string => `9${String(process.hrtime.bigint()).padStart(20, '0')}`;

describe('numbers where strings are documented', () => {
  it('name users to the digit', async () => {
    const number = bigNumber();
    const neighbour = `${number.slice(0, -1)}${number.endsWith('1') ? 2 : 1}`;
    const body = (alias: string) => `{"alias":${alias},"appId":"testapp1","platform":"WEB","nativeToken":${alias}}`;
    for (const alias of [number, neighbour]) {
      const answer = await post<{ id: string }>(stack.httpUrl, REGISTER, body(alias));
      // The same device as under the string.
      expect(answer.body.id).toBe(await newDevice(stack.httpUrl, alias, { platform: 'WEB', nativeToken: alias }));
    }
    const listener = await audience.listen({ alias: number });
    const other = await audience.listen({ alias: neighbour });
    for (const audiences of [number, `[${number}]`, `[ "nobody", ${number} ]`, `"${number}"`])
      expect((await post(stack.httpUrl, SEND, `{${APP},"audiences":${audiences},"alert":10.50}`)).status).toBe(200);
    const frames = await audience.got(listener);
    expect(frames.map((frame) => JSON.parse(frame).alert)).toEqual(Array(4).fill('10.50'));
    expect(await audience.got(other)).toEqual([]);
  });
});

describe('other values that Jackson takes', () => {
  it('mean the same as the documented ones', async () => {
    const tag = uniqueName('tag');
    const alias = uniqueName();
    const registration = { alias, appId: 'testapp1', platform: ' ios', nativeToken: alias, mobile: 13800000000, tag };
    expect((await post(stack.httpUrl, REGISTER, registration)).status).toBe(200);
    const listener = await audience.listen({ platform: 'IOS', tag: [tag] });
    const push = { audienceType: 'tag', audiences: tag, alert: 'hello', platform: 'ios', pushMsgType: 'Cmd' };
    const odd = { needConfirm: 'true', duration: '60', badge: ' 3 ', sound: 1, sender: null, extra: [] };
    expect((await post(stack.httpUrl, SEND, { ...TEST_APP, ...push, ...odd })).status).toBe(200);
    const [frame = ''] = await audience.got(listener);
    const { id, ...message } = JSON.parse(frame);
    expect(message).toEqual({
      appId: 'testapp1',
      tenantCode: '',
      alert: 'hello',
      extra: [],
      pushMsgType: 'CMD',
      needConfirm: true,
      sound: '1',
      badge: 3,
    });
  });

  it('never widen a push: a platform in small letters is that platform, an empty one is refused', async () => {
    const ios = await audience.listen({ platform: 'IOS' });
    const android = await audience.listen({ alias: ios.alias, platform: 'ANDROID' });
    const push = { ...TEST_APP, audiences: [ios.alias], alert: 'hello' };
    expect((await post(stack.httpUrl, SEND, { ...push, platform: 'ios' })).status).toBe(200);
    for (const platform of ['', ' ', 'null', 0, 1, [], 'iOS,ANDROID'])
      expectError(await post(stack.httpUrl, SEND, { ...push, platform }), 40001, 'platform');
    expect((await audience.got(ios)).length).toBe(1);
    expect(await audience.got(android)).toEqual([]);
  });

  it('are the same push under one idempotency key', async () => {
    const body = `{${APP},"audiences":12345678901234567890,"alert":"x"}`;
    const headers = { 'idempotency-key': uniqueName() };
    const first = await post<{ requestId: string }>(stack.httpUrl, SEND, body, headers);
    const second = await post<{ requestId: string }>(stack.httpUrl, SEND, body.replace('890,', '891,'), headers);
    expect(first.status).toBe(200);
    expectError(second, 40901);
    expect((await post<{ requestId: string }>(stack.httpUrl, SEND, body, headers)).body).toEqual(first.body);
  });

  it('may stand in a body with a byte order mark, line ends of Windows and nulls everywhere', async () => {
    const members = ['tenantCode', 'platform', 'pushMsgType', 'needConfirm', 'duration', 'extra', 'sound', 'badge'];
    const nulls = members.map((name) => `"${name}": null`).join(',\r\n');
    const body = `\ufeff{\r\n${APP},\r\n"audiences": ["nobody"],\r\n"alert": "x",\r\n${nulls}\r\n}\r\n`;
    expect((await post(stack.httpUrl, SEND, body)).status).toBe(200);
  });
});

describe('content types', () => {
  const push = json({ ...TEST_APP, audiences: ['nobody'], alert: 'x' });
  const sendAs = (url: string, type: string) =>
    // A body of bytes: fetch gives text a content type of its own.
    request(url, SEND, { method: 'POST', body: push, headers: type === '' ? {} : { 'content-type': type } });

  it.each(['application/json;charset=UTF-8', 'Application/JSON ; charset="utf-8"; q=1', 'application/json'])(
    '"%s" is taken',
    async (type) => {
      expect((await sendAs(stack.httpUrl, type)).status).toBe(200);
      expect((await sendAs(strictUrl, type)).status).toBe(200);
    },
  );

  it.each(['', 'text/json', 'TEXT/JSON; charset=utf-8', 'application/vnd.api+json', 'application/problem+json;x=y'])(
    '"%s" is taken, and refused where all must be as documented',
    async (type) => {
      expect((await sendAs(stack.httpUrl, type)).status).toBe(200);
      expectError(await sendAs(strictUrl, type), 41501);
    },
  );

  it('of forms are refused with a word about it', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await sendAs(stack.httpUrl, type);
      expectError(answer, 41501);
      expect(answer.body.message).toMatch(/application\/json: a form is not taken/);
    }
  });
});

describe('a slash at the end of a path', () => {
  it.each([
    ['POST', '/msgpush/register', 40001],
    ['POST', '/msgpush/send', 40001],
    ['POST', `/msgpush/unregister/${'f'.repeat(32)}`, 40403],
    ['GET', '/apps/nobody', 40402],
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['GET', '/msgpush.ws', 42601],
  ])('changes nothing: %s %s', async (method, path, code) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const init = { method, headers, ...(method === 'POST' ? { body: Buffer.from('{}') } : {}) };
    const answers = [await request(stack.httpUrl, path, init), await request(stack.httpUrl, `${path}/`, init)];
    expect(answers.map(({ status, body }) => body.code ?? status)).toEqual([code, code]);
    const refused = await request(strictUrl, `${path}/`, init);
    if (path === '/msgpush.ws') return;
    expectError(refused, 40401);
    expect(refused.body.message).toContain('slash');
  });

  it('is documented for /apps/', async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    for (const path of ['/apps', '/apps/']) expect((await post(strictUrl, path, 'x', headers)).status).toBe(200);
  });
});

describe('a device id in capitals', () => {
  it('is the same device to pushes, WebSockets and unregister', async () => {
    const listener = await audience.listen();
    const capitals = listener.deviceId.toUpperCase();
    const audiences = [capitals, listener.deviceId];
    const id = await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences });
    expect((await audience.got(listener)).map((frame) => JSON.parse(frame).id)).toEqual([id]);
    await listener.device.close();
    const again = connectDevice(`${stack.wsUrl}/`, capitals);
    await again.opened;
    expectError(await post(strictUrl, `/msgpush/unregister/${capitals}`, ''), 40403);
    expect((await post(stack.httpUrl, `/msgpush/unregister/${capitals}`, '')).status).toBe(200);
    expect((await again.closed).code).toBe(4410);
  });
});

describe('a member that looks like a documented one', () => {
  it('is named in a header of the answer, and in the message where it is an error', async () => {
    const registration = { alias: uniqueName(), appId: 'testapp1', platform: 'WEB', nativeToken: uniqueName() };
    const answer = await post(stack.httpUrl, REGISTER, { ...registration, tags: ['secret-tag'], colour: 'red' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get(WARNING)).toBe('unknown member "tags"; did you mean "tag"?');
    const body = { ...TEST_APP, audience: ['secret-user'], app_key: 'secret-key', alert: 'x' };
    const refused = await post(stack.httpUrl, SEND, body);
    expectError(refused, 40001, 'audiences');
    const warning =
      'unknown member "audience"; did you mean "audiences"?; unknown member "app_key"; did you mean "appKey"?';
    expect(refused.headers.get(WARNING)).toBe(warning);
    expect(refused.body.message).toContain(`${warning}: audiences is required`);
    expect(refused.text).not.toContain('secret');
  });

  it('is not there where all are documented or none looks so, or where it cannot be repeated', async () => {
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'x' };
    for (const more of [{}, { colour: 'x', trace_id: 1 }, { 'alert"\r\nx: y': 1, 'alert ': 1, älert: 1 }]) {
      const answer = await post(stack.httpUrl, SEND, { ...push, ...more });
      expect([answer.status, answer.headers.get(WARNING)]).toEqual([200, null]);
    }
  });

  it('is refused where all must be as documented; others are ignored there, too', async () => {
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'x' };
    const refused = await post(strictUrl, SEND, { ...push, platfrom: 'IOS' });
    expectError(refused, 40001, 'platfrom');
    expect(refused.body.message).toContain('platfrom is not documented: platform is');
    expect((await post(strictUrl, SEND, { ...push, colour: 'red' })).status).toBe(200);
  });
});

describe('an edge with ONEPUSH_STRICT_JSON', () => {
  it.each([
    ['audiences', 'alice'],
    ['audiences', 10000],
    ['alert', 1],
    ['platform', 'ios'],
    ['needConfirm', 'true'],
    ['needConfirm', 1],
    ['duration', '60'],
    ['duration', ''],
    ['badge', '1'],
  ])('refuses what is not of the documented type: %s %j', async (field, value) => {
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'x' };
    expectError(await post(strictUrl, SEND, { ...push, [field]: value }), 40001, field);
    expect((await post(stack.httpUrl, SEND, { ...push, [field]: value })).status).toBe(200);
  });

  it('takes what is documented', async () => {
    expect((await post(strictUrl, SEND, { ...TEST_APP, audiences: 'all', alert: 'x', platform: 'WEB' })).status).toBe(
      200,
    );
  });
});

describe('a body as the old documents show it, with comments', () => {
  const body = '{\n  "alias": "王五", // the user\n  "appId": "testapp1"\n}';
  const told = 'The body is not JSON in UTF-8: line 2, column 18 (byte 23): JSON has no comments';

  it('is refused with the place, over REST and over Connect', async () => {
    const answer = await post(stack.httpUrl, REGISTER, body);
    expectError(answer, 40002);
    expect(answer.body.message).toBe(told);
    const response = await fetch(`${stack.connectUrl}/onepush.v1.PushCore/SendPush`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...basic(TEST_APP.appId, TEST_APP.appKey).headers },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_argument', message: told });
  });
});
