import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Audience, createAudience, type Listener } from '../support/audience.js';
import { connectDevice } from '../support/device.js';
import { createApp, type OddBody, registerDevice, type SendBody, send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const PLATFORMS = ['ANDROID', 'IOS', 'PC', 'WEB'] as const;

let stack: Stack;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack();
  audience = createAudience(stack);
});
afterEach(() => audience.close());
afterAll(() => stack?.stop());

/** Sends exactly this body and resolves with its request id. */
async function push(body: SendBody | OddBody): Promise<string> {
  const { status, text, body: answer } = await send(stack.httpUrl, body);
  expect(status, text).toBe(200);
  expect(text).toBe(JSON.stringify({ requestId: answer.requestId }));
  expect(answer.requestId).toMatch(/^[1-9]\d*$/);
  return answer.requestId;
}

/** The alerts that a device got since it was last asked. */
async function alerts(listener: Listener): Promise<unknown[]> {
  return (await audience.got(listener)).map((frame) => JSON.parse(frame).alert);
}

describe('the fields of a push', () => {
  it('have their documented defaults, and absent values are left out of the frame', async () => {
    const listener = await audience.listen({ platform: 'IOS' });
    const id = await push({ ...TEST_APP, audiences: [listener.alias], alert: 'Hé "you"\n\u0000 \u{1F600} </script>' });
    const [frame = ''] = await audience.got(listener);
    expect(JSON.parse(frame)).toEqual({
      id,
      appId: TEST_APP.appId,
      tenantCode: '',
      alert: 'Hé "you"\n\u0000 \u{1F600} </script>',
      pushMsgType: 'MSG',
      needConfirm: false,
    });
  });

  it('arrive under their documented names, those for the server not at all', async () => {
    const listener = await audience.listen({ platform: 'IOS' });
    const body = {
      tenantCode: 'tenant-1',
      platform: 'IOS',
      pushMsgType: 'CMD',
      needConfirm: true,
      duration: 60,
      audienceType: 'ALIAS',
      audiences: [listener.alias],
      extra: { a: [1, null] },
      alert: 'all of them',
      sound: 'ding.caf',
      badge: 7,
      sender: 'back end',
      sendDeive: 'host-1',
      smsMessage: 'by SMS',
    };
    const id = await push({ ...TEST_APP, ...body });
    const [frame = ''] = await audience.got(listener);
    const { tenantCode, alert, extra, sound, badge } = body;
    const common = { id, appId: TEST_APP.appId, tenantCode, alert, extra, pushMsgType: 'CMD', needConfirm: true };
    expect(JSON.parse(frame)).toEqual({ ...common, sound, badge });
  });

  it('are absent where they are null', async () => {
    const listener = await audience.listen({ platform: 'IOS' });
    const optional =
      'tenantCode platform pushMsgType needConfirm duration audienceType extra sound badge sender sendDeive';
    const nulls = Object.fromEntries([...optional.split(' '), 'sendDevice', 'smsMessage'].map((name) => [name, null]));
    const id = await push({ ...TEST_APP, ...nulls, audiences: [listener.alias], alert: 'a' });
    const defaults = { id, appId: TEST_APP.appId, tenantCode: '', alert: 'a', pushMsgType: 'MSG', needConfirm: false };
    expect((await audience.got(listener)).map((frame) => JSON.parse(frame))).toEqual([defaults]);
  });

  it('of push that devices need are in the frame, and none of those for vendors', async () => {
    const listener = await audience.listen();
    const shown = { title: 'Order', image: 'https://example.com/a.png', clickTarget: 'app://orders/1' };
    const rest = { wake: 'ALWAYS', androidChannel: 'a', category: 'b', thread: 'c', interruption: 'CRITICAL' };
    const overrides = { APNS: { aps: { badge: 1 } }, FCM: {} };
    await push({
      ...TEST_APP,
      audiences: [listener.alias],
      alert: 'a',
      push: { ...shown, ...rest, overrides, wakesPerSecond: 5 },
    });
    const [frame = '{}'] = await audience.got(listener);
    const { id: _, ...message } = JSON.parse(frame);
    const { appId } = TEST_APP;
    expect(message).toEqual({ appId, tenantCode: '', alert: 'a', pushMsgType: 'MSG', needConfirm: false, ...shown });
  });

  it('of push may be absent, null, empty, or nearly of their types', async () => {
    const names =
      'wake title image clickTarget androidChannel category thread interruption overrides wakesPerSecond'.split(' ');
    const texts = names.filter((name) => !/^(wake|interruption|overrides|wakesPerSecond)$/.test(name));
    const pushes = [
      null,
      {},
      Object.fromEntries(names.map((name) => [name, null])),
      Object.fromEntries(texts.map((name) => [name, ''])),
      { wake: 'always', interruption: ' time_sensitive ', title: 7, wakesPerSecond: '10' },
    ];
    for (const given of pushes) await push({ ...TEST_APP, audiences: ['nobody'], alert: 'a', push: given });
  });

  it('of push that are nearly documented ones are named in a header', async () => {
    const body = { ...TEST_APP, audiences: ['nobody'], alert: 'a', title: 'x', push: { titel: 'y' } };
    const { status, headers } = await send(stack.httpUrl, body);
    expect(status).toBe(200);
    const warning = headers.get('x-onepush-warning');
    expect(warning).toContain('unknown member "title"; did you mean "push.title"?');
    expect(warning).toContain('unknown member "push.titel"; did you mean "push.title"?');
  });

  it('may be accompanied by unknown ones', async () => {
    const { alias } = await audience.listen();
    const known = JSON.stringify({ ...TEST_APP, audiences: [alias], alert: 'a' }).slice(1);
    await push(
      `{"x":1,"":2,"__proto__":{"alert":1,"platform":"X"},"constructor":"c","toString":[],"Alert":null,${known}`,
    );
  });

  it.each([{ sendDeive: 'x' }, { sendDevice: 'x' }, { sendDeive: 'x', sendDevice: 'y' }])('take %j', async (sender) => {
    await push({ ...TEST_APP, ...sender, audiences: ['nobody'], alert: 'a' });
  });

  it.each([-1, 0, 259_200, 259_201, 2 ** 53, 1e300])('take a duration of %d', async (duration) => {
    await push({ ...TEST_APP, duration, needConfirm: true, audiences: ['nobody'], alert: 'a' });
  });

  it('may be empty where they are optional', async () => {
    const listener = await audience.listen({ platform: 'IOS' });
    const empty = { tenantCode: '', sound: '', sender: '', sendDeive: '', smsMessage: '' };
    await push({ ...TEST_APP, ...empty, badge: 0, audiences: [listener.alias], alert: 'a' });
    const [frame = ''] = await audience.got(listener);
    expect(JSON.parse(frame)).toMatchObject({ tenantCode: '', badge: 0 });
  });

  it('may come as any spelling of application/json', async () => {
    const body = JSON.stringify({ ...TEST_APP, audiences: ['nobody'], alert: 'a' });
    for (const type of ['application/json;charset=utf-8', 'Application/JSON ; charset="UTF-8"', 'application/json;'])
      expect((await send(stack.httpUrl, `\n ${body}\t`, { 'content-type': type })).status).toBe(200);
  });

  it('give sound and badge to IOS devices only, online or not', async () => {
    const tag = uniqueName('tag');
    const online = await Promise.all(PLATFORMS.map((platform) => audience.listen({ platform, tag: [tag] })));
    const offline = await Promise.all(PLATFORMS.map((platform) => audience.listen({ platform, tag: [tag] })));
    for (const listener of [...online, ...offline]) await audience.got(listener);
    await Promise.all(offline.map(({ device }) => device.close()));
    const sounds = { alert: 'a', sound: 'ding', badge: -2 };
    await push({ ...TEST_APP, ...sounds, audiences: [...online, ...offline].map(({ alias }) => alias) });
    await push({ ...TEST_APP, ...sounds, audienceType: 'TAG', audiences: [tag] });
    for (const [index, platform] of [...PLATFORMS, ...PLATFORMS].entries()) {
      const listener = index < 4 ? online[index] : offline[index - 4];
      if (listener === undefined) throw new Error('there are eight');
      const again = index < 4 ? listener.device : connectDevice(stack.wsUrl, listener.deviceId);
      const frames = await audience.got({ ...listener, device: again });
      expect(frames.length).toBe(2);
      for (const frame of frames.map((text) => JSON.parse(text))) {
        const expected = platform === 'IOS' ? { sound: 'ding', badge: -2 } : { sound: undefined, badge: undefined };
        expect({ sound: frame.sound, badge: frame.badge }).toEqual(expected);
      }
      await again.close();
    }
  });
});

describe('the audience of a push', () => {
  it('is the devices of users, each of them, by default', async () => {
    const alias = uniqueName();
    const [phone, tablet] = [await audience.listen({ alias }), await audience.listen({ alias, platform: 'IOS' })];
    const [other, bystander] = [await audience.listen(), await audience.listen()];
    await push({ ...TEST_APP, audiences: [alias, other.alias, alias, 'nobody'], alert: 'default' });
    await push({ ...TEST_APP, audienceType: 'ALIAS', audiences: [alias, other.alias], alert: 'named' });
    for (const listener of [phone, tablet, other]) expect(await alerts(listener)).toEqual(['default', 'named']);
    expect(await alerts(bystander)).toEqual([]);
  });

  it('is the devices with a tag, each once however many of the tags it has', async () => {
    const [red, blue] = [uniqueName('red'), uniqueName('blue')];
    const both = await audience.listen({ tag: [red, blue] });
    const one = await audience.listen({ tag: [blue] });
    const none = await audience.listen({ alias: red, tag: [uniqueName()] });
    for (const listener of [both, one, none]) await audience.got(listener);
    await push({ ...TEST_APP, audienceType: 'TAG', audiences: [red, blue, red, 'nobody'], alert: 'colours' });
    await push({ ...TEST_APP, audienceType: 'TAG', audiences: [red], alert: 'red' });
    expect(await alerts(both)).toEqual(['colours', 'red']);
    expect(await alerts(one)).toEqual(['colours']);
    expect(await alerts(none)).toEqual([]);
  });

  it('is the devices themselves', async () => {
    const [first, second, other] = [await audience.listen(), await audience.listen(), await audience.listen()];
    const ids = [first.deviceId, second.deviceId, first.deviceId, 'f'.repeat(32), 'not an id'];
    await push({ ...TEST_APP, audienceType: 'DEVICE', audiences: ids, alert: 'device' });
    for (const listener of [first, second]) expect(await alerts(listener)).toEqual(['device']);
    expect(await alerts(other)).toEqual([]);
  });

  it.each(['ALL', 'all', 'aLl', ['ALL'], ['all']])('is everyone with %j and any audienceType', async (audiences) => {
    const everyone = [await audience.listen(), await audience.listen({ platform: 'IOS', tag: ['x'] })];
    for (const listener of everyone) await audience.got(listener);
    const types = [undefined, 'ALIAS', 'TAG', 'DEVICE'];
    for (const audienceType of types) await push({ ...TEST_APP, audienceType, audiences, alert: `to ${audienceType}` });
    for (const listener of everyone) expect(await alerts(listener)).toEqual(types.map((type) => `to ${type}`));
  });

  it.each([undefined, 'ALL', ...PLATFORMS])('is filtered by the platform %s', async (platform) => {
    const tag = uniqueName('tag');
    const listeners = await Promise.all(PLATFORMS.map((own) => audience.listen({ platform: own, tag: [tag] })));
    for (const listener of listeners) await audience.got(listener);
    const aliases = listeners.map(({ alias }) => alias);
    const ids = listeners.map(({ deviceId }) => deviceId);
    const audiences = { ALIAS: aliases, DEVICE: ids, TAG: [tag], ALL: 'ALL' };
    for (const [type, names] of Object.entries(audiences)) {
      const audienceType = type === 'ALL' ? undefined : type;
      await push({ ...TEST_APP, platform, audienceType, audiences: names, alert: type });
    }
    for (const [index, listener] of listeners.entries()) {
      const meant = platform === undefined || platform === 'ALL' || platform === PLATFORMS[index];
      expect(await alerts(listener)).toEqual(meant ? ['ALIAS', 'DEVICE', 'TAG', 'ALL'] : []);
    }
  });

  it('never includes a device of another app, whatever names it', async () => {
    const { body: other } = await createApp(stack.httpUrl, stack.adminToken, 'other');
    const own = await audience.listen({ tag: [uniqueName('tag')] });
    const shared = { alias: own.alias, tag: ['shared'], platform: 'WEB', nativeToken: uniqueName() };
    const foreignId = (await registerDevice(stack.httpUrl, { ...shared, appId: other.id })).body.id;
    const foreign = connectDevice(stack.wsUrl, foreignId);
    await foreign.opened;
    for (const [audienceType, audiences] of Object.entries({
      ALIAS: [own.alias],
      DEVICE: [foreignId],
      TAG: ['shared'],
      ALL: 'ALL',
    }))
      await push({ ...TEST_APP, alert: 'a', audiences, ...(audienceType === 'ALL' ? {} : { audienceType }) });
    const mine = { appId: other.id, appKey: other.appKey, audiences: [own.alias], alert: 'mine' };
    const id = await push(mine);
    expect((await foreign.waitForCount(1)).map((message) => message.id)).toEqual([id]);
    expect(foreign.messages[0]).toMatchObject({ appId: other.id });
    expect(await alerts(own)).toEqual(['a', 'a']);
    await foreign.close();
  });

  it.each(['ALIAS', 'TAG', 'DEVICE'])('may be nobody by %s: the push has its requestId', async (audienceType) => {
    const first = await push({ ...TEST_APP, audienceType, audiences: ['nobody', 'no one'], alert: 'a' });
    const second = await push({ ...TEST_APP, audienceType, audiences: ['nobody', 'no one'], alert: 'a' });
    expect(Number(second)).toBeGreaterThan(Number(first));
  });

  it.each(['ALIAS', 'TAG', 'DEVICE'])('may have 1000 names by %s', async (audienceType) => {
    const tag = uniqueName('tag');
    const listener = await audience.listen({ tag: [tag] });
    await audience.got(listener);
    const own = { ALIAS: listener.alias, TAG: tag, DEVICE: listener.deviceId }[audienceType];
    const others = Array.from({ length: 999 }, (_, n) => `nobody-${n}`);
    await push({ ...TEST_APP, audienceType, audiences: [...others, own], alert: 'a' });
    expect(await alerts(listener)).toEqual(['a']);
  });

  it('gets many pushes that come at once in the order of their ids', async () => {
    const listener = await audience.listen();
    await audience.got(listener);
    const pushes = Array.from({ length: 50 }, (_, n) =>
      push({ ...TEST_APP, audiences: [listener.alias], alert: `${n}` }),
    );
    const ids = (await Promise.all(pushes)).toSorted((a, b) => Number(a) - Number(b));
    const frames = await audience.got(listener);
    expect(frames.map((frame) => JSON.parse(frame).id)).toEqual(ids);
  });
});
