import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../support/expect-error.js';
import { PUSH, REGISTRATION, expectRefused as refused, SECRET } from '../support/expect-refused.js';
import { type OddBody, post, request, send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const expectRefused = (path: string, body: OddBody | number | null, code: number, field?: string) =>
  refused(stack.httpUrl, path, body, code, field);

describe.each(['/msgpush/register', '/msgpush/send'])('POST %s', (path) => {
  it.each([
    ['nothing', ''],
    ['spaces', ' \n'],
    ['text', SECRET],
    ['half an object', `{"alert":"${SECRET}"`],
    ['an object and more', `{"alert":"${SECRET}"}{}`],
    ['a trailing comma', `{"alert":"${SECRET}",}`],
    ['single quotes', `{'alert':'${SECRET}'}`],
    ['a form', `alert=${SECRET}&appKey=x`],
    ['NaN', '{"duration":NaN}'],
    ['a comment', `{/* ${SECRET} */}`],
    ['a raw line break in a string', `{"alert":"${SECRET}\n"}`],
    ['60 open brackets', '['.repeat(60)],
    ['60 open objects', '{"extra":'.repeat(60)],
  ])('refuses what is no JSON: %s', async (_, body) => {
    await expectRefused(path, body, 40002);
  });

  it.each([
    [[]],
    [`"${SECRET}"`],
    ['1'],
    ['null'],
    ['true'],
    [`${'['.repeat(16_000)}${']'.repeat(16_000)}`],
    ['['.repeat(32_000)],
    [`[${'1,'.repeat(1000)}1]`],
  ])('refuses JSON that is no object', async (body) => {
    await expectRefused(path, body, 40003);
  });

  it('refuses thousands of levels before it knows whether they are JSON', async () => {
    await expectRefused(path, '{"extra":'.repeat(6000), 40001, 'extra');
  });

  it('refuses thousands of members before it looks through them', async () => {
    const members = Array.from({ length: 6000 }, (_, n) => `"k${n}":1`);
    const message = await expectRefused(path, `{${members.join(',')}}`, 40001);
    expect(message).toContain('more than 100 members');
  });

  it.each([
    ['a byte that no text has', [0x22, 0xff, 0x22]],
    ['a cut character', [0x22, 0xe4, 0xb8, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('refuses what is no UTF-8: %s', async (_, bytes) => {
    const body = Buffer.concat([Buffer.from('{"alert":'), Buffer.from(bytes), Buffer.from('}')]);
    const headers = { 'content-type': 'application/json' };
    expectError(await request(stack.httpUrl, path, { method: 'POST', body, headers }), 40002);
  });

  it.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json-seq',
    'json',
  ])('refuses the content type "%s"', async (type) => {
    const headers = { 'content-type': type };
    expectError(await request(stack.httpUrl, path, { method: 'POST', body: Buffer.from('{}'), headers }), 41501);
  });

  it('names every field that an empty object lacks', async () => {
    const required = path.endsWith('send')
      ? ['appId', 'appKey', 'audiences', 'alert']
      : ['alias', 'appId', 'platform', 'nativeToken'];
    const message = await expectRefused(path, {}, 40001, required[0]);
    for (const field of required) expect(message).toMatch(new RegExp(`\\b${field} is required`));
    const nulls = Object.fromEntries(required.map((field) => [field, null]));
    expect(await expectRefused(path, nulls, 40001, required[0])).toBe(message);
  });

  it('takes no field from a prototype', async () => {
    const body = path.endsWith('send') ? PUSH : REGISTRATION;
    await expectRefused(path, `{"__proto__":${JSON.stringify(body)}}`, 40001, Object.keys(body)[0]);
    const nested = `{"constructor":{"prototype":${JSON.stringify(body)}}}`;
    await expectRefused(path, nested, 40001, Object.keys(body)[0]);
  });
});

describe('who a caller is', () => {
  it('is refused with 404 for an app that nobody has', async () => {
    for (const appId of ['nobody', '__proto__', "' OR 1=1", 'é😀']) {
      await expectRefused('/msgpush/send', { ...PUSH, appId }, 40402);
      await expectRefused('/msgpush/register', { ...REGISTRATION, appId }, 40402);
    }
  });

  it('is refused with 401 for a wrong key', async () => {
    for (const appKey of [SECRET, `${TEST_APP.appKey} `, TEST_APP.appKey.slice(1), TEST_APP.appKey.toUpperCase()]) {
      const answer = await send(stack.httpUrl, { ...PUSH, appKey });
      expectError(answer, 40101);
      expect(answer.text).not.toContain(appKey);
    }
  });
});

describe('paths and methods', () => {
  it.each(['/nothing', '/msgpush', '/msgpush/send//', '/msgpush/Send', '/msgpush/register/x', '/apps/a/b', '//', '/%'])(
    'answers 404 to %s, with any method',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE'])
        expectError(await request(stack.httpUrl, path, { method }), 40401);
    },
  );

  it.each([
    ['/msgpush/send', 'POST', ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONSTRUCTOR', '__PROTO__']],
    ['/msgpush/register', 'POST', ['GET', 'PUT', 'DELETE']],
    [`/msgpush/unregister/${'f'.repeat(32)}`, 'POST', ['GET', 'DELETE']],
    ['/apps', 'POST', ['GET', 'DELETE']],
    ['/apps/', 'POST', ['GET', 'DELETE']],
    ['/msgpush/send/', 'POST', ['GET']],
    ['/apps/x', 'GET, HEAD', ['POST', 'PUT', 'DELETE', 'VALUEOF']],
    ['/', 'GET, HEAD', ['POST', 'PUT']],
    ['/healthz', 'GET, HEAD', ['POST']],
    ['/readyz', 'GET, HEAD', ['POST']],
  ])('answers 405 at %s, allowing %s', async (path, allow, methods) => {
    for (const method of methods) {
      const answer = await request(stack.httpUrl, path, { method });
      expectError(answer, 40501);
      expect(answer.headers.get('allow')).toBe(allow);
    }
  });

  it('answers HEAD like GET, without a body', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/nothing']) {
      const [head, get] = [await request(stack.httpUrl, path, { method: 'HEAD' }), await request(stack.httpUrl, path)];
      expect([head.status, head.text]).toEqual([get.status, '']);
      expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)));
    }
  });

  it('ignores what stands behind a question mark', async () => {
    expectError(await post(stack.httpUrl, '/msgpush/register?alias=x', {}), 40001, 'alias');
    expectError(await post(stack.httpUrl, `/msgpush/unregister/${'f'.repeat(32)}?x`, ''), 40403);
    expectError(await post(stack.httpUrl, '/nothing?/msgpush/send', {}), 40401);
  });
});
