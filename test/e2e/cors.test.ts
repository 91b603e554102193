import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startProcess } from '../support/process.js';
import { basic } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

const ALLOWED = 'https://console.example.com';
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    edgeEnv: { ONEPUSH_HTTP_ORIGINS: `${ALLOWED}, http://localhost:3000` },
    coreEnv: { ONEPUSH_CONNECT_ORIGINS: `${ALLOWED}, http://localhost:3000` },
  });
});
afterAll(() => stack.stop());

const call = (origin: string, init: RequestInit) =>
  fetch(`${stack.connectUrl}/onepush.v1.PushCore/SendPush`, {
    ...init,
    headers: { origin, ...Object.fromEntries(new Headers(init.headers)) },
  });
const preflight = { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } };
const push = {
  method: 'POST',
  headers: { 'content-type': 'application/json', ...basic(TEST_APP.appId, TEST_APP.appKey).headers },
  body: '{"audience":{"aliases":{"values":["nobody"]}},"alert":"from a page"}',
};

describe('a page that calls the Connect port', () => {
  it('may do so from an origin that is allowed', async () => {
    const question = await call(ALLOWED, preflight);
    expect(question.status).toBe(204);
    expect(question.headers.get('access-control-allow-origin')).toBe(ALLOWED);
    expect(question.headers.get('access-control-allow-headers')).toContain('Authorization');
    const answer = await call(ALLOWED, push);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(ALLOWED);
  });

  it('may not from another', async () => {
    for (const init of [preflight, push]) {
      const { headers } = await call('https://evil.example.com', init);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a page that calls the public port', () => {
  const registration = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ alias: 'page', appId: TEST_APP.appId, platform: 'WEB', nativeToken: 'page' }),
  };
  const ask = (url: string, path: string, origin: string, init: RequestInit) =>
    fetch(url + path, { ...init, headers: { origin, ...Object.fromEntries(new Headers(init.headers)) } });

  it('may register and unregister from an origin that is allowed', async () => {
    const question = await ask(stack.httpUrl, '/msgpush/register', ALLOWED, preflight);
    expect(question.status).toBe(200);
    expect(question.headers.get('access-control-allow-origin')).toBe(ALLOWED);
    expect(question.headers.get('access-control-allow-methods')).toBe('POST');
    expect(question.headers.get('access-control-allow-headers')).toBe('Content-Type, Authorization, Last-Event-ID');
    const answer = await ask(stack.httpUrl, '/msgpush/register', ALLOWED, registration);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, ALLOWED]);
    const { id } = (await answer.json()) as { id: string };
    for (const path of [`/msgpush/unregister/${id}`, `/msgpush/unregister/${id}/`]) {
      expect((await ask(stack.httpUrl, path, ALLOWED, preflight)).status).toBe(200);
      const gone = await ask(stack.httpUrl, path, ALLOWED, { method: 'POST' });
      expect([gone.status, gone.headers.get('access-control-allow-origin')]).toEqual([200, ALLOWED]);
    }
  });

  it('can read errors, and when to try again', async () => {
    const answer = await ask(stack.httpUrl, '/msgpush/register', ALLOWED, { ...registration, body: '{' });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([400, ALLOWED]);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
  });

  it('may not from another, and caches do not mix them up', async () => {
    for (const origin of ['https://evil.example.com', `${ALLOWED}.evil.example.com`, 'null', '*']) {
      const { status, headers } = await ask(stack.httpUrl, '/msgpush/register', origin, preflight);
      expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([405, null, 'Origin']);
    }
  });

  it('may not send or make apps, whose keys do not belong into pages', async () => {
    for (const path of ['/msgpush/send', '/apps', '/apps/', '/apps/x', '/']) {
      const { status, headers } = await ask(stack.httpUrl, path, ALLOWED, preflight);
      expect([status, headers.get('access-control-allow-origin')]).toEqual([405, null]);
    }
  });

  it('may come from anywhere where the setting says *, and from nowhere without it', async () => {
    const env = { ONEPUSH_HTTP_LISTEN: '127.0.0.1:0', ONEPUSH_CORE_ADDRS: stack.grpcAddr };
    const edges = await Promise.all([
      startProcess('edge', { ...env, ONEPUSH_HTTP_ORIGINS: '*' }),
      startProcess('edge', env),
    ]);
    const answers = await Promise.all(
      edges.map(({ ready }) => ask(`http://${ready.http}`, '/msgpush/register', 'capacitor://localhost', preflight)),
    );
    expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual(['*', null]);
    expect(answers.map(({ status }) => status)).toEqual([200, 405]);
    await Promise.all(edges.map((edge) => edge.stop()));
  });

  it('connects a WebSocket from any origin: only the device id lets it in', async () => {
    const deviceId = await newDevice(stack.httpUrl, uniqueName());
    const socket = new WebSocket(`${stack.wsUrl}?deviceId=${deviceId}`, { origin: 'https://evil.example.com' });
    const acknowledged = once(socket, 'message');
    socket.once('open', () => socket.send('HBT'));
    expect(String((await acknowledged)[0])).toBe('ACK1');
    socket.close();
    await once(socket, 'close');
  });
});
