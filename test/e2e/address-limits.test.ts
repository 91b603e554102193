import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { post, registerDevice } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

const UNKNOWN = 'f'.repeat(32);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    edgeEnv: {
      ONEPUSH_TRUSTED_PROXIES: '127.0.0.1',
      ONEPUSH_ADDRESS_REGISTRATIONS_PER_SECOND: '1',
      ONEPUSH_ADDRESS_UNKNOWN_IDS_PER_SECOND: '1',
      ONEPUSH_ADDRESS_SESSIONS: '2',
    },
  });
});
afterAll(() => stack?.stop());

function register(nativeToken: string, forwardedFor?: string) {
  const body = { ...TEST_APP, alias: 'anna', platform: 'ANDROID', nativeToken };
  const headers: Record<string, string> = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return post<{ id: string }>(stack.httpUrl, '/msgpush/register', body, headers);
}

/** Tries until it is refused; resolves with how it went before. On a slow machine that is more often than on a fast one. */
async function untilRefused(attempt: (n: number) => Promise<number | 'open'>) {
  const before: (number | 'open')[] = [];
  for (let n = 0; n < 200; n++) {
    const result = await attempt(n);
    if (result === 429) return before;
    before.push(result);
  }
  throw new Error('it was not refused 200 times');
}

/** Connects as a client that a proxy speaks for; resolves with the close code, the status of a refusal, or 'open'. */
async function connect(deviceId: string, address: string) {
  const headers = { 'x-forwarded-for': address };
  const socket = new WebSocket(`${stack.wsUrl}?deviceId=${deviceId}`, { headers, perMessageDeflate: false });
  const end = await new Promise<number | 'open'>((resolve) => {
    socket.on('close', (code) => resolve(code));
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => {});
    // Who has an id that nobody has is answered, too, and then closed.
    socket.on('message', () => deviceId !== UNKNOWN && resolve('open'));
    socket.on('open', () => socket.send('HBT'));
  });
  return { end, socket };
}

const refused = async (limit: string) => (await scrape(stack.edge)).get(`onepush_limited_total{limit="${limit}"}`);

describe('registrations of one address', () => {
  it('are refused beyond their rate, with the name of the limit and when to come back', async () => {
    const before = await untilRefused(async (n) => (await register(`token ${n}`, '203.0.113.7')).status);
    expect(before.slice(0, 10)).toEqual(Array(10).fill(200));
    const last = await eventually(
      async () => {
        const answer = await register('token', '203.0.113.7');
        return answer.status === 429 && answer;
      },
      { message: 'another refusal' },
    );
    expect(last.body).toEqual({
      code: 42904,
      message: 'A limit is reached: address.registrations',
      limit: 'address.registrations',
    });
    expect(last.headers.get('retry-after')).toBe('1');
    expect(await refused('address.registrations')).toBeGreaterThanOrEqual(1);
  });

  it('are counted for the address that the proxy saw, whatever the client writes before it', async () => {
    const before = await untilRefused(async (n) => (await register(`other ${n}`, `192.0.2.${n}, 203.0.113.8`)).status);
    expect(before.slice(0, 10)).toEqual(Array(10).fill(200));
  });

  it('are counted by /64, and those of others are none of theirs', async () => {
    await untilRefused(async (n) => (await register(`six ${n}`, `2001:db8::${n}`)).status);
    expect((await register('six other', '2001:db8:0:1::1')).status).toBe(200);
  });

  it('have no limit on the machine itself', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => register(`local ${n}`)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('connections of one address', () => {
  it('with ids that nobody has are refused beyond their rate before the core is asked', async () => {
    const before = await untilRefused(async () => (await connect(UNKNOWN, '203.0.113.20')).end);
    expect(before.slice(0, 10)).toEqual(Array(10).fill(4404));
    expect(await refused('address.unknownIds')).toBeGreaterThanOrEqual(1);
    expect((await connect(UNKNOWN, '203.0.113.21')).end).toBe(4404);
  });

  it('with ids that are known take nothing from that rate', async () => {
    const { body } = await registerDevice(stack.httpUrl, {
      ...TEST_APP,
      alias: 'berta',
      platform: 'ANDROID',
      nativeToken: 'berta',
    });
    for (let n = 0; n < 12; n++) {
      const { end, socket } = await connect(body.id, '203.0.113.22');
      expect(end).toBe('open');
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.close();
      await closed;
    }
  });

  it('are at most as many at a time as the setting says', async () => {
    const ids = await Promise.all(
      ['one', 'two', 'three'].map(async (nativeToken) => (await register(nativeToken)).body.id),
    );
    const [first, second, third] = ids.map((id) => () => connect(id ?? '', '203.0.113.23'));
    const open = await first?.();
    expect(open?.end).toBe('open');
    expect((await second?.())?.end).toBe('open');
    expect((await third?.())?.end).toBe(4429);
    open?.socket.close();
    await eventually(async () => (await third?.())?.end === 'open', { message: 'room for another connection' });
  });
});
