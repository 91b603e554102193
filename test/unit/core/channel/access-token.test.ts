import { describe, expect, it } from 'vitest';
import {
  createAccessTokens,
  sendWithToken,
  type TokenResult,
  tokenFailure,
} from '../../../../core/channel/access-token.js';

const soon = (ms = 5_000): number => performance.now() + ms;
const token = (value: string, lifeMs = 60_000): TokenResult => ({
  kind: 'token',
  value,
  usableUntil: performance.now() + lifeMs,
});

/** Tokens `t1`, `t2`, … that are given out when they are let. */
function scripted(lifeMs?: number) {
  const asked: ((result: TokenResult) => void)[] = [];
  const tokens = createAccessTokens(() => new Promise((resolve) => asked.push(resolve)));
  return {
    tokens,
    asked,
    give(result = token(`t${asked.length}`, lifeMs)) {
      asked.at(-1)?.(result);
    },
  };
}

describe('access tokens', () => {
  it('are asked for once by all who wait, and kept', async () => {
    const { tokens, asked, give } = scripted();
    const waiting = [tokens.get(soon()), tokens.get(soon()), tokens.get(soon())];
    give();
    expect((await Promise.all(waiting)).map((result) => result.kind === 'token' && result.value)).toEqual([
      't1',
      't1',
      't1',
    ]);
    expect(await tokens.get(soon())).toMatchObject({ value: 't1' });
    expect(asked.length).toBe(1);
  });

  it('are asked for again when they have ended, or are refused', async () => {
    const { tokens, asked, give } = scripted(-1);
    const first = tokens.get(soon());
    give();
    await first;
    const second = tokens.get(soon());
    give(token('t2'));
    expect(await second).toMatchObject({ value: 't2' });
    // Somebody else was refused t1 meanwhile: t2 is there for him.
    expect(await tokens.get(soon(), 't1')).toMatchObject({ value: 't2' });
    expect(asked.length).toBe(2);
    const third = tokens.get(soon(), 't2');
    give(token('t3'));
    expect(await third).toMatchObject({ value: 't3' });
  });

  it('are asked for again after a failure', async () => {
    const { tokens, asked, give } = scripted();
    const failed: TokenResult = { kind: 'failed', outcome: { kind: 'channel_down', reason: 'x' } };
    const first = tokens.get(soon());
    give(failed);
    expect(await first).toEqual(failed);
    const second = tokens.get(soon());
    give();
    expect(await second).toMatchObject({ value: 't2' });
    expect(asked.length).toBe(2);
  });

  it('are waited for no longer than to the deadline', async () => {
    const { tokens } = scripted();
    const late = { kind: 'failed', outcome: { kind: 'retry', scope: 'channel', reason: 'timeout' } };
    expect(await tokens.get(soon(20))).toEqual(late);
  });
});

describe('a message', () => {
  it('is sent once more with another token, and then the channel is down', async () => {
    let given = 0;
    const tokens = createAccessTokens(async () => token(`t${++given}`));
    const used: string[] = [];
    const outcome = await sendWithToken(tokens, async (value) => {
      used.push(value);
      return 'renew_token';
    });
    expect(used).toEqual(['t1', 't2']);
    expect(outcome).toEqual({ kind: 'channel_down', reason: 'access_token_refused' });
  });
});

describe('a request for a token that brings none', () => {
  it.each([
    ['no connection', { kind: 'unsent', reason: 'ECONNREFUSED' }, 'retry'],
    ['no answer', { kind: 'lost', reason: 'timeout' }, 'retry'],
    ['the end of the channel', { kind: 'lost', reason: 'closed' }, 'unknown'],
    ['HTML', { kind: 'answered', status: 200, headers: {}, body: Buffer.from('<html>') }, 'retry'],
    ['503', { kind: 'answered', status: 503, headers: {}, body: undefined }, 'retry'],
    ['400', { kind: 'answered', status: 400, headers: {}, body: undefined }, 'channel_down'],
    ['401', { kind: 'answered', status: 401, headers: {}, body: undefined }, 'channel_down'],
  ] as const)('for %s: the message is %3$s', (_, result, kind) => {
    expect(tokenFailure(result)).toMatchObject({ outcome: { kind } });
  });
});
