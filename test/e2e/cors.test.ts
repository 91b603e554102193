import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

const ALLOWED = 'https://console.example.com';
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ coreEnv: { ONEPUSH_CONNECT_ORIGINS: `${ALLOWED}, http://localhost:3000` } });
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
