import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../support/expect-error.js';
import { type Answer, createApp, post, registerDevice, request, send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

interface App {
  id: string;
  name: string;
  appKey: string;
}

let stack: Stack;
let authorization: string;
beforeAll(async () => {
  stack = await startStack();
  authorization = `Bearer ${stack.adminToken}`;
});
afterAll(() => stack?.stop());

/** POST to the path with the admin token; without a content type of its own it is fetch's for text. */
function postName(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer<App>> {
  return request(stack.httpUrl, path, { method: 'POST', body, headers: { authorization, ...headers } });
}

function getApp(id: string, headers: Record<string, string> = { authorization }): Promise<Answer<App>> {
  return request(stack.httpUrl, `/apps/${id}`, { headers });
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('POST /apps/', () => {
  it.each([
    ['a bare string', 'Shop ü', {}],
    ['a bare string with spaces around it', '  Shop ü\n', {}],
    ['a bare string that says it is JSON', 'Shop ü', JSON_TYPE],
    ['a JSON string', '"Shop \\u00fc"', JSON_TYPE],
    ['an object', '{"name":"Shop ü"}', JSON_TYPE],
    ['an object in a subtype of JSON', '{"name":"Shop ü"}', { 'content-type': 'application/hal+json' }],
    ['an object in plain text', '{"name":"Shop ü","more":1}', {}],
  ])('takes the name as %s', async (_, body, headers) => {
    for (const path of ['/apps/', '/apps']) {
      const answer = await postName(path, body, headers);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body).toEqual({
        id: expect.stringMatching(/./),
        name: 'Shop ü',
        appKey: expect.stringMatching(/.{16}/),
      });
    }
  });

  it('gives every app an id and a key of its own', async () => {
    const [first, second] = [await postName('/apps/', 'same'), await postName('/apps/', 'same')];
    expect(first.body.id).not.toBe(second.body.id);
    expect(first.body.appKey).not.toBe(second.body.appKey);
  });

  it('gives a key that opens its own app and no other', async () => {
    const { id: appId, appKey } = (await createApp(stack.httpUrl, stack.adminToken, 'mine')).body;
    const push = { audiences: ['somebody'], alert: 'hello' };
    const accepted = await send(stack.httpUrl, { ...push, appId, appKey });
    expect(accepted.status).toBe(200);
    expectError(await send(stack.httpUrl, { ...push, appId, appKey: TEST_APP.appKey }), 40101);
    expectError(await send(stack.httpUrl, { ...push, appId: TEST_APP.appId, appKey }), 40101);
  });

  it('makes an app that devices can register with at once', async () => {
    const push = { alias: 'somebody', platform: 'WEB', nativeToken: 'token' };
    const { id: appId } = (await createApp(stack.httpUrl, stack.adminToken, 'mine')).body;
    expect((await registerDevice(stack.httpUrl, { ...push, appId })).status).toBe(200);
  });

  it('knows an app that was asked for in vain before', async () => {
    const { id } = (await createApp(stack.httpUrl, stack.adminToken, 'first')).body;
    expect((await getApp(id)).status).toBe(200);
    expectError(await getApp(`${id}x`), 40402);
  });

  it.each([
    ['nothing', '', {}],
    ['spaces', '  \n', {}],
    ['an empty JSON string', '""', JSON_TYPE],
    ['an object without a name', '{}', JSON_TYPE],
    ['null as the name', '{"name":null}', JSON_TYPE],
    ['a list as the name', '{"name":["x"]}', JSON_TYPE],
    ['a control character', 'a\u0000b', {}],
    ['256 characters', 'n'.repeat(256), {}],
  ])('refuses %s, naming the field', async (_, body, headers) => {
    expectError(await postName('/apps/', body, headers), 40001, 'name');
  });

  it('refuses broken JSON, and other types than JSON and plain text', async () => {
    expectError(await postName('/apps/', '{"name":', JSON_TYPE), 40002);
    expectError(await postName('/apps/', '"name', JSON_TYPE), 40002);
    expectError(await postName('/apps/', '<name/>', { 'content-type': 'application/xml' }), 41501);
    const binary = { method: 'POST', body: new Uint8Array([0xff, 0xfe]), headers: { authorization } };
    expectError(await request(stack.httpUrl, '/apps/', binary), 40002);
  });
});

describe('GET /apps/{id}', () => {
  it('shows the id and the name, and never the key', async () => {
    const { id, appKey } = (await createApp(stack.httpUrl, stack.adminToken, 'Shop')).body;
    const answer = await getApp(id);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(JSON.stringify({ id, name: 'Shop' }));
    expect(stack.edge.logs().concat(stack.core.logs()).join('\n')).not.toContain(appKey);
  });

  it('shows the app that the core was started with', async () => {
    expect((await getApp(TEST_APP.appId)).body).toMatchObject({ id: TEST_APP.appId });
  });

  it.each(['nobody', '%00', '%F0%9F%98%80', '..%2F..', "'"])('answers 404 to the id %s', async (id) => {
    expectError(await getApp(id), 40402);
  });
});

describe('both', () => {
  it.each([
    ['no token', undefined],
    ['a wrong token', 'Bearer wrong'],
    ['a part of the token', () => authorization.slice(0, -1)],
    ['more than the token', () => `${authorization}x`],
    ['the token without Bearer', () => stack.adminToken],
    ['the token as Basic', () => `Basic ${stack.adminToken}`],
    ['an empty token', 'Bearer '],
    ["an app's key", `Bearer ${TEST_APP.appKey}`],
  ])('answer 401 to %s', async (_, given) => {
    const value = typeof given === 'function' ? given() : given;
    const headers: Record<string, string> = value === undefined ? {} : { authorization: value };
    const answers = [
      await post(stack.httpUrl, '/apps/', { name: 'x' }, headers),
      await getApp(TEST_APP.appId, headers),
    ];
    for (const answer of answers) {
      expectError(answer, 40102);
      expect(answer.text).not.toContain(stack.adminToken);
    }
  });

  it('take the scheme in any case', async () => {
    expect((await getApp(TEST_APP.appId, { authorization: `bEARER ${stack.adminToken}` })).status).toBe(200);
  });

  it('answer 401 to everybody when the core has no admin token', async () => {
    const closed = await startStack({ coreEnv: { ONEPUSH_ADMIN_TOKEN: '' } });
    try {
      expectError(await createApp(closed.httpUrl, 'guess', 'x'), 40102);
      expectError(await createApp(closed.httpUrl, undefined, 'x'), 40102);
      expectError(
        await request(closed.httpUrl, '/apps/', { method: 'POST', body: 'x', headers: { authorization: 'Bearer ' } }),
        40102,
      );
    } finally {
      await closed.stop();
    }
  });
});
