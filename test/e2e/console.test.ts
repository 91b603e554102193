import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { bearer, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';

const OWN = { 'content-type': 'application/json', 'x-onepush-console': '1' };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ coreEnv: { ONEPUSH_TRUSTED_PROXIES: '127.0.0.1' } });
});
afterAll(() => stack.stop());

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${stack.connectUrl}${path}`, { redirect: 'manual', ...init });
}

function signIn(body: unknown, headers: Record<string, string> = OWN): Promise<Response> {
  return get('/console/session', { method: 'POST', headers, body: JSON.stringify(body) });
}

/** The cookie of somebody who signs in. */
async function cookieOf(body: unknown): Promise<string> {
  const response = await signIn(body);
  expect(response.status).toBe(200);
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** The status of a call with a cookie. */
async function statusOf(method: string, cookie: string, headers: Record<string, string> = OWN): Promise<number> {
  const path = `/onepush.v1.PushCore/${method}`;
  return (await get(path, { method: 'POST', headers: { ...headers, cookie }, body: '{}' })).status;
}

/** Watches receipts in a new session. `rest`: all that comes until the stream ends. */
async function watchWith(secret: string): Promise<{ cookie: string; rest: Promise<string> }> {
  const cookie = await cookieOf({ appId: TEST_APP.appId, secret });
  const message = Buffer.from(JSON.stringify({ fromNow: true }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const response = await get('/onepush.v1.PushCore/WatchReceipts', {
    method: 'POST',
    headers: { ...OWN, 'content-type': 'application/connect+json', cookie },
    body: Buffer.concat([head, message]),
  });
  expect(response.status).toBe(200);
  return { cookie, rest: response.text() };
}

describe('the console', () => {
  it('is served with a strict policy, hashed files for good, and nothing beside them', async () => {
    const page = await get('/console/');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
    const [, script = ''] = /src="\.\/(assets\/[\w.-]+\.js)"/.exec(html) ?? [];
    const file = await get(`/console/${script}`);
    expect(file.headers.get('cache-control')).toContain('immutable');
    expect(file.headers.get('content-type')).toContain('text/javascript');
    expect(file.headers.get('content-encoding')).toBe('gzip');
    const plain = await get(`/console/${script}`, { headers: { 'accept-encoding': 'br, gzip;q=0' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(Number(plain.headers.get('content-length'))).toBeGreaterThan(2 * Number(file.headers.get('content-length')));
    expect((await get('/console')).headers.get('location')).toBe('/console/');
    for (const path of ['..%2fcore%2fmain.js', '%2e%2e/core/main.js', 'assets/../../core/main.js', 'assets', 'x']) {
      expect((await get(`/console/${path}`)).status, path).toBe(404);
    }
    expect((await get('/console/', { method: 'POST' })).status).toBe(405);
    for (const path of ['', '/x', '/session', '/assets/x']) {
      const { headers } = await get(`/console${path}`);
      expect(headers.get('content-security-policy'), path).toBe(policy);
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
    // What a browser would run the debugger with tells nobody how the page is made.
    expect((await get(`/console/${script}.map`)).status).toBe(404);
    expect(await file.text()).not.toContain('sourceMappingURL');
    expect((await get('/console/', { method: 'HEAD' })).status).toBe(200);
  });

  it('takes a session for the admin, or for the key, by which it began, from its own page only', async () => {
    const response = await signIn({ secret: ADMIN_TOKEN });
    expect(await response.json()).toEqual({ kind: 'admin', name: 'environment' });
    expect(response.headers.getSetCookie()[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const https = { ...OWN, 'x-forwarded-proto': 'https' };
    const proxied = (await signIn({ secret: ADMIN_TOKEN }, https)).headers.getSetCookie()[0] ?? '';
    expect(proxied).toMatch(/^__Host-.*; Path=\/; HttpOnly; SameSite=Strict; .*; Secure$/);
    const secured = proxied.split(';')[0] ?? '';
    expect(await statusOf('ListApps', secured, https)).toBe(200);
    // One that a page of plain text could have set counts for nothing under TLS.
    expect(await statusOf('ListApps', secured.replace('__Host-', ''), https)).toBe(401);
    const admin = await cookieOf({ secret: ADMIN_TOKEN });
    expect(await statusOf('ListApps', admin)).toBe(200);
    expect(await statusOf('ListPushes', admin)).toBe(401);
    const app = await cookieOf({ appId: TEST_APP.appId, secret: TEST_APP.appKey });
    expect(await statusOf('ListPushes', app)).toBe(200);
    expect(await statusOf('ListApps', app)).toBe(401);
    const { 'x-onepush-console': _, ...withoutHeader } = OWN;
    expect(await statusOf('ListApps', admin, withoutHeader)).toBe(401);
    expect(await statusOf('ListApps', admin, { ...OWN, origin: 'https://elsewhere.example' })).toBe(401);
    expect(await statusOf('ListApps', admin, { ...OWN, 'sec-fetch-site': 'same-site' })).toBe(401);
    expect(await statusOf('ListApps', admin, { ...OWN, origin: stack.connectUrl })).toBe(200);
    expect((await signIn({ secret: ADMIN_TOKEN }, withoutHeader)).status).toBe(404);
    // Types that a page of another origin may send without asking, and an address that a browser may be led to.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect(await statusOf('ListApps', admin, { ...OWN, 'content-type': type }), type).toBe(415);
      expect((await signIn({ secret: ADMIN_TOKEN }, { ...OWN, 'content-type': type })).status, type).toBe(415);
    }
    const asked = '/onepush.v1.PushCore/ListApps?connect=v1&encoding=json&message=%7B%7D';
    expect((await get(asked, { headers: { ...OWN, cookie: admin } })).status).toBe(405);
    expect(await statusOf('ListApps', `${admin}x`)).toBe(401);
  });

  it('gives everyone who signs in a new session, and none that was there before or came from elsewhere', async () => {
    const planted = 'onepush_console=chosen-by-somebody-else';
    const headers = { ...OWN, cookie: planted };
    const first = (await signIn({ secret: ADMIN_TOKEN }, headers)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(first).not.toBe(planted);
    expect(await statusOf('ListApps', planted)).toBe(401);
    const again = await signIn({ secret: ADMIN_TOKEN }, { ...OWN, cookie: first });
    const second = again.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(second).not.toBe(first);
    expect(await statusOf('ListApps', first)).toBe(401);
    expect(await statusOf('ListApps', second)).toBe(200);
    for (const method of ['POST', 'DELETE']) {
      const elsewhere = { ...OWN, cookie: second, origin: 'https://elsewhere.example' };
      const body = method === 'POST' ? JSON.stringify({ secret: ADMIN_TOKEN }) : null;
      expect((await get('/console/session', { method, headers: elsewhere, body })).status, method).toBe(404);
    }
    expect(await statusOf('ListApps', second)).toBe(200);
  });

  it('ends a stream when its session or its key ends', async () => {
    const client = pushCoreClient(stack, 'connect');
    const made = { appId: TEST_APP.appId, name: 'stream', scope: KeyScope.READ };
    const { key, appKey } = await client.createAppKey(made, bearer(ADMIN_TOKEN));
    const [left, revoked] = await Promise.all([watchWith(appKey), watchWith(appKey)]);
    await get('/console/session', { method: 'DELETE', headers: { ...OWN, cookie: left.cookie } });
    expect(await left.rest).toContain('unauthenticated');
    await client.revokeAppKey({ appId: TEST_APP.appId, keyId: key?.id ?? '' }, bearer(ADMIN_TOKEN));
    expect(await revoked.rest).toContain('unauthenticated');
  });

  it('ends a session when one signs out, and when its key is revoked', async () => {
    const admin = await cookieOf({ secret: ADMIN_TOKEN });
    const left = await get('/console/session', { method: 'DELETE', headers: { ...OWN, cookie: admin } });
    expect(left.headers.getSetCookie()[0]).toContain('Max-Age=0');
    expect(await statusOf('ListApps', admin)).toBe(401);
    const client = pushCoreClient(stack, 'connect');
    const made = { appId: TEST_APP.appId, name: 'console', scope: KeyScope.READ };
    const { key, appKey } = await client.createAppKey(made, bearer(ADMIN_TOKEN));
    const cookie = await cookieOf({ appId: TEST_APP.appId, secret: appKey });
    const who = async () => (await get('/console/session', { headers: { ...OWN, cookie } })).json();
    expect(await who()).toMatchObject({ kind: 'app', appId: TEST_APP.appId, scope: 'read' });
    await client.revokeAppKey({ appId: TEST_APP.appId, keyId: key?.id ?? '' }, bearer(ADMIN_TOKEN));
    expect(await who()).toEqual({});
    expect(await statusOf('ListPushes', cookie)).toBe(401);
  });

  it('says what is wrong with a sign-in without repeating it, and locks an address that fails on and on', async () => {
    const wrong = [
      [{ secret: 5 }, 400],
      [[], 400],
      [{ secret: 'x'.repeat(5000) }, 413],
      [{ secret: 'wrong-secret' }, 401],
      [{ appId: 'nobody', secret: 'wrong-secret' }, 401],
    ] as const;
    for (const [body, status] of wrong) {
      const response = await signIn(body);
      expect(response.status).toBe(status);
      expect(await response.text()).not.toContain('wrong-secret');
    }
    // Also of many at once only the first are told.
    const guesses = await Promise.all(
      Array.from({ length: 50 }, (_, n) => signIn({ appId: `nobody-${n}`, secret: 'wrong-secret' })),
    );
    const statuses = guesses.map((response) => response.status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(10);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const refused = guesses.find((response) => response.status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(30);
    // The right one must wait too.
    expect((await signIn({ secret: ADMIN_TOKEN })).status).toBe(429);
  });

  it('locks who guesses behind a trusted proxy, and nobody else; a network of IPv6 is one', async () => {
    const from = (address: string) => ({ ...OWN, 'x-forwarded-for': address });
    const guess = (n: number) => signIn({ secret: `wrong-${n}` }, from(`192.0.2.1, 2001:db8:1:2::${n + 1}`));
    const statuses = (await Promise.all(Array.from({ length: 30 }, (_, n) => guess(n)))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await signIn({ secret: ADMIN_TOKEN }, from('2001:db8:1:2:ffff::1'))).status).toBe(429);
    const operator = await signIn({ secret: ADMIN_TOKEN }, from('2001:db8:1:3::1'));
    expect(operator.status).toBe(200);
    const cookie = operator.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const headers = { ...from('198.51.100.7'), cookie };
    expect(await statusOf('CreateApp', cookie, headers)).toBe(400);
    const named = JSON.stringify({ name: 'from afar' });
    await get('/onepush.v1.PushCore/CreateApp', { method: 'POST', headers, body: named });
    const log = await get('/onepush.v1.PushCore/ListAuditLog', { method: 'POST', headers, body: '{}' });
    const entry = { method: 'CreateApp', address: '198.51.100.7' };
    expect(await log.json()).toMatchObject({ entries: expect.arrayContaining([expect.objectContaining(entry)]) });
  });
});
