import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS } from '../support/raw-grpc.js';
import { rawRequest } from '../support/raw-request.js';
import { ADMIN_TOKEN, type Stack, startStack } from '../support/stack.js';

const SEND = '/onepush.v1.PushCore/SendPush';
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what the Connect port does not serve', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ coreEnv: { ONEPUSH_CONSOLE: '0' } });
  });
  afterAll(() => stack.stop());

  function reasonOf(text: string): string {
    const { code, message, details } = JSON.parse(text);
    expect([typeof code, typeof message]).toEqual(['string', 'string']);
    return details[0].debug.reason;
  }

  it('is the console where it is off, with its sign-in', async () => {
    const headers = { ...JSON_TYPE, 'x-onepush-console': '1' };
    for (const path of ['/console', '/console/', '/console/session', '/console/assets/']) {
      const response = await fetch(`${stack.connectUrl}${path}`, { headers, redirect: 'manual' });
      expect(response.status, path).toBe(404);
    }
    const body = JSON.stringify({ secret: ADMIN_TOKEN });
    const response = await fetch(`${stack.connectUrl}/console/session`, { method: 'POST', headers, body });
    expect([response.status, response.headers.getSetCookie()]).toEqual([404, []]);
  });

  it.each<[string, number, string, RequestInit & { headers?: Record<string, string> }]>([
    ['/', 404, 'UNKNOWN_PATH', {}],
    ['/onepush.v1.PushCore/Nothing', 404, 'UNKNOWN_PATH', { method: 'POST', headers: JSON_TYPE, body: '{}' }],
    [SEND, 405, 'METHOD_NOT_ALLOWED', {}],
    [SEND, 405, 'METHOD_NOT_ALLOWED', { method: 'PUT', headers: JSON_TYPE, body: '{}' }],
    [SEND, 405, 'METHOD_NOT_ALLOWED', { method: 'OPTIONS' }],
    ['/healthz', 405, 'METHOD_NOT_ALLOWED', { method: 'DELETE' }],
    [SEND, 415, 'NOT_JSON_TYPE', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }],
    [SEND, 415, 'NOT_JSON_TYPE', { method: 'POST', headers: { 'content-type': 'application/grpc' }, body: '' }],
    ['/onepush.v1.PushCore/SendPushStream', 505, 'HTTP_VERSION', { method: 'POST', headers: JSON_TYPE, body: '{}' }],
    [
      SEND,
      400,
      'INVALID_FIELDS',
      { method: 'POST', headers: { ...JSON_TYPE, 'connect-timeout-ms': 'hunter2' }, body: '{}' },
    ],
    [
      SEND,
      400,
      'INVALID_FIELDS',
      { method: 'POST', headers: { ...JSON_TYPE, 'connect-protocol-version': '2' }, body: '{}' },
    ],
    [SEND, 400, 'MALFORMED_JSON', { method: 'POST', headers: JSON_TYPE, body: '{' }],
  ])('is answered with details: %s %i %s', async (path, status, reason, init) => {
    const headers = { ...(init.headers ?? {}), authorization: CREDENTIALS.authorization ?? '' };
    const response = await fetch(`${stack.connectUrl}${path}`, { ...init, headers });
    const text = await response.text();
    expect(text).not.toContain('hunter2');
    expect([response.status, response.headers.get('content-type'), reasonOf(text)]).toEqual([
      status,
      'application/json',
      reason,
    ]);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^(POST|GET, HEAD)$/);
  });

  it.each([
    ['GET / HTTP/1.7\r\nHost: x\r\n\r\n', 505],
    ['hello\r\n\r\n', 400],
    [`POST ${SEND} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`, 400],
    [`POST ${SEND} HTTP/1.1\r\nHost: x\r\nExpect: rain\r\nContent-Length: 2\r\n\r\n{}`, 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 400],
  ])('is answered with details, when it is %j', async (bytes, status) => {
    const answer = await rawRequest(stack.connectUrl, bytes);
    expect(answer.status).toBe(status);
    expect(reasonOf(answer.text.slice(answer.text.indexOf('\r\n\r\n')))).toMatch(/^[A-Z_]+[A-Z0-9]*$/);
  });

  it('has a text on the ops port too', async () => {
    const url = `http://${stack.core.ready.ops}`;
    for (const [bytes, status] of [
      ['GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505],
      ['PUT /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 405],
      ['GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ] as const) {
      const answer = await rawRequest(url, bytes);
      expect(answer.status).toBe(status);
      expect(answer.text).toMatch(/\r\n\r\n[a-z].+\n$/);
    }
  });
});
