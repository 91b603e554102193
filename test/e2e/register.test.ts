import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../common/contract/fields.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { expectError } from '../support/expect-error.js';
import { createApp, type OddBody, type RegisterBody, registerDevice, unregister } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { sendPush, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** A complete registration that no other test has. */
function registration(changes: Partial<RegisterBody> = {}): RegisterBody {
  return { alias: uniqueName(), appId: TEST_APP.appId, platform: 'ANDROID', nativeToken: randomUUID(), ...changes };
}

async function register(body: RegisterBody | OddBody): Promise<string> {
  const answer = await registerDevice(stack.httpUrl, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.id;
}

async function connect(id: string): Promise<TestDevice> {
  const device = connectDevice(stack.wsUrl, id);
  await device.opened;
  return device;
}

const alerts = (device: TestDevice) => device.messages.map(({ alert }) => alert);
/** Pushes to a user something that comes after all that was pushed before, and waits until the device has it. */
async function lastCall(device: TestDevice, alias: string): Promise<void> {
  const id = await sendPush(stack.httpUrl, { audiences: [alias], alert: 'last call' });
  await device.waitForMessage((message) => message.id === id);
}

describe('POST /msgpush/register', () => {
  it('answers with an id of 128 bits and nothing else', async () => {
    const { status, text, body } = await registerDevice(stack.httpUrl, registration());
    expect(status).toBe(200);
    expect(text).toBe(JSON.stringify({ id: body.id }));
    expect(body.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses a user more devices than a user may have, and leaves those that are there as they are', async () => {
    const alias = uniqueName();
    const bodies = Array.from({ length: LIMITS.devicesOfAlias }, () => registration({ alias }));
    const ids = await Promise.all(bodies.map(register));
    const refused = await registerDevice(stack.httpUrl, registration({ alias }));
    expectError(refused, 42902);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await register({ ...bodies[0] })).toBe(ids[0]);
    const device = await connect(ids[0] ?? '');
    await lastCall(device, alias);
  });

  it('takes mobile and tag, and null and unknown fields as absent', async () => {
    await register(registration({ mobile: '+41 79 000 00 00', tag: ['a', 'b', 'a'] }));
    await register(registration({ mobile: null, tag: null }));
    await register(registration({ tag: [], mobile: '' }));
    await register(
      JSON.stringify(registration()).replace('{', '{"more":{"tag":1},"__proto__":{"alias":1},"constructor":null,'),
    );
  });

  it.each(['ANDROID', 'IOS', 'PC', 'WEB'] as const)('takes %s devices', async (platform) => {
    expect(await register(registration({ platform }))).toMatch(/^[0-9a-f]{32}$/);
  });

  it('takes names up to their documented length', async () => {
    const alias = `${uniqueName()}${'é'.repeat(255)}`.slice(0, 255);
    const id = await register(
      registration({ alias, nativeToken: `${randomUUID()}${'t'.repeat(4096)}`.slice(0, 4096) }),
    );
    const device = await connect(id);
    await lastCall(device, alias);
    await device.close();
  });

  it('gives the same app and token the same id, and any other pair another', async () => {
    const first = registration();
    const other = await createApp(stack.httpUrl, stack.adminToken, 'other');
    const id = await register(first);
    expect(await register(first)).toBe(id);
    expect(await register({ ...first, platform: 'IOS', tag: ['x'], mobile: '1' })).toBe(id);
    expect(await register({ ...first, nativeToken: randomUUID() })).not.toBe(id);
    expect(await register({ ...first, appId: other.body.id })).not.toBe(id);
  });

  it('gives one id when the same token registers many times at once', async () => {
    const body = registration();
    const ids = await Promise.all(Array.from({ length: 20 }, () => register(body)));
    expect(new Set(ids).size).toBe(1);
  });

  it('leaves the session open when the alias stays', async () => {
    const body = registration();
    const device = await connect(await register(body));
    await lastCall(device, body.alias);
    await register({ ...body, platform: 'WEB', tag: ['new'] });
    await lastCall(device, body.alias);
    expect(alerts(device)).toEqual(['last call', 'last call']);
    await device.close();
  });

  it('applies changed tags to open and to later sessions', async () => {
    const [kept, gone, come] = [uniqueName('tag'), uniqueName('tag'), uniqueName('tag')];
    const body = registration({ tag: [kept, gone] });
    const toTags = async () => {
      for (const tag of [kept, gone, come])
        await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], alert: tag });
    };
    const id = await register(body);
    const device = await connect(id);
    await lastCall(device, body.alias);
    await register({ ...body, tag: [kept, come] });
    await toTags();
    await lastCall(device, body.alias);
    expect(alerts(device)).toEqual(['last call', kept, come, 'last call']);
    await device.acknowledged();
    await device.close();

    await toTags();
    const later = await connect(id);
    await lastCall(later, body.alias);
    expect(alerts(later)).toEqual([kept, come, 'last call']);
    await later.close();
  });

  it('applies a changed platform to an open session', async () => {
    const body = registration({ platform: 'ANDROID' });
    const device = await connect(await register(body));
    await lastCall(device, body.alias);
    await register({ ...body, platform: 'IOS' });
    const audiences = [body.alias];
    await sendPush(stack.httpUrl, { audiences, platform: 'ANDROID', alert: 'to ANDROID' });
    await sendPush(stack.httpUrl, { audiences, platform: 'IOS', alert: 'to IOS', sound: 'ding', badge: 3 });
    await lastCall(device, body.alias);
    expect(alerts(device)).toEqual(['last call', 'to IOS', 'last call']);
    expect(device.messages[1]).toMatchObject({ sound: 'ding', badge: 3 });
    await device.close();
  });

  it('takes 100 tags and no more', async () => {
    const tags = (count: number) => Array.from({ length: count }, (_, n) => `tag-${n}`);
    await register(registration({ tag: tags(100) }));
    expectError(await registerDevice(stack.httpUrl, registration({ tag: tags(101) })), 40001, 'tag');
  });

  it.each(['ALL', 'all', 'All', 'aLL'])('keeps the alias and the tag %s reserved', async (name) => {
    expectError(await registerDevice(stack.httpUrl, registration({ alias: name })), 40001, 'alias');
    expectError(await registerDevice(stack.httpUrl, registration({ tag: ['fine', name] })), 40001, 'tag[1]');
  });
});

describe('a device that changes hands', () => {
  it('has its session closed with 4410, and nobody gets what waited for the old alias', async () => {
    const tag = uniqueName('tag');
    const body = registration({ tag: [tag] });
    const id = await register(body);
    const device = await connect(id);
    await sendPush(stack.httpUrl, { audiences: [body.alias], alert: 'open', needConfirm: true });
    await device.waitForCount(1);

    const alias = uniqueName();
    expect(await register({ ...body, alias })).toBe(id);
    expect((await device.closed).code).toBe(4410);

    const later = await connect(id);
    await sendPush(stack.httpUrl, { audiences: [body.alias], alert: 'to the old alias' });
    await lastCall(later, alias);
    expect(alerts(later)).toEqual(['last call']);
    await later.close();
  });

  it('gets nothing that waited while it was offline, from its inbox or from its topics', async () => {
    const tag = uniqueName('tag');
    const body = registration({ tag: [tag] });
    const id = await register(body);
    await sendPush(stack.httpUrl, { audiences: [body.alias] });
    await sendPush(stack.httpUrl, { audiences: [body.alias], needConfirm: true });
    await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [id] });
    await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag] });
    await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true });

    const alias = uniqueName();
    await register({ ...body, alias });
    await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], alert: 'after' });
    const device = await connect(id);
    await lastCall(device, alias);
    expect(alerts(device)).toEqual(['after', 'last call']);
    await device.close();
  });
});

describe('POST /msgpush/unregister/{deviceId}', () => {
  it('answers {} and closes the session with 4410; twice is fine', async () => {
    const id = await register(registration());
    const device = await connect(id);
    for (let n = 0; n < 2; n++) {
      const { status, text } = await unregister(stack.httpUrl, id);
      expect([status, text]).toEqual([200, '{}']);
    }
    expect((await device.closed).code).toBe(4410);
  });

  it('ends what waits, and a later registration gives the same id', async () => {
    const body = registration({ tag: [uniqueName('tag')] });
    const id = await register(body);
    await sendPush(stack.httpUrl, { audiences: [body.alias], needConfirm: true });
    await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: body.tag ?? [] });
    await unregister(stack.httpUrl, id);
    await sendPush(stack.httpUrl, { audiences: [body.alias] });
    await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [id] });
    await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: body.tag ?? [] });

    expect(await register(body)).toBe(id);
    const device = await connect(id);
    await lastCall(device, body.alias);
    expect(alerts(device)).toEqual(['last call']);
    await device.close();
  });

  it('answers 404 to an id that nobody has', async () => {
    expectError(await unregister(stack.httpUrl, '0123456789abcdef0123456789abcdef'), 40403);
  });

  it.each([
    ['short', 'x'],
    ['a number', '1'],
    ['in upper case', 'F'.repeat(32)],
    ['a digit short', 'f'.repeat(31)],
    ['a digit long', 'f'.repeat(33)],
    ['with a line break', `${'f'.repeat(31)}\n`],
    ['with a quote', "'; --"],
    ['beyond ASCII', 'ü'],
    ['very long', 'f'.repeat(3000)],
  ])('answers 404 to a malformed id: %s', async (_, id) => {
    expectError(await unregister(stack.httpUrl, id), 40403);
  });
});
