import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { createProviderTokens } from '../../../../../core/channel/apns/provider-tokens.js';

const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});
const MINUTE = 60_000;

function create() {
  const clock = { ms: 5_000_000 };
  const settings = { teamId: 'TEAM123456', keyId: 'KEY1234567', privateKey: String(privateKey) };
  const tokens = createProviderTokens(settings, () => clock.ms);
  return { clock, tokens };
}

describe('the JWT', () => {
  it('says who it is of, and when it was made', async () => {
    const value = await create().tokens.current().value;
    expect(decodeProtectedHeader(value)).toEqual({ alg: 'ES256', kid: 'KEY1234567' });
    const claims = decodeJwt(value);
    expect(Object.keys(claims).toSorted()).toEqual(['iat', 'iss']);
    expect(claims.iss).toBe('TEAM123456');
    expect(Math.abs((claims.iat ?? 0) - Date.now() / 1000)).toBeLessThan(5);
  });

  it('is one for all, for 45 minutes', () => {
    const { clock, tokens } = create();
    const first = tokens.current();
    clock.ms += 45 * MINUTE - 1;
    expect(tokens.current()).toBe(first);
    clock.ms += 1;
    const next = tokens.current();
    expect(next).not.toBe(first);
    expect(tokens.current()).toBe(next);
  });

  it('that has ended for APNs is replaced once for all, if it is over 20 minutes old', () => {
    const { clock, tokens } = create();
    const first = tokens.current();
    clock.ms += 20 * MINUTE - 1;
    expect(tokens.renew(first)).toBeUndefined();
    clock.ms += 1;
    const next = tokens.renew(first);
    expect(next).not.toBe(first);
    expect(tokens.renew(first)).toBe(next);
    expect(tokens.current()).toBe(next);
    expect(next && tokens.renew(next)).toBeUndefined();
  });

  it('that came too early gives way to the one before, until that one has ended', () => {
    const { clock, tokens } = create();
    const first = tokens.current();
    expect(tokens.restore(first)).toBeUndefined();
    clock.ms += 45 * MINUTE;
    const second = tokens.current();
    expect(tokens.restore(second)).toBe(first);
    expect(tokens.restore(second)).toBe(first);
    expect(tokens.current()).toBe(first);
    clock.ms += 10 * MINUTE;
    const third = tokens.current();
    expect([first, second]).not.toContain(third);
    expect(tokens.restore(third)).toBeUndefined();
  });
});
