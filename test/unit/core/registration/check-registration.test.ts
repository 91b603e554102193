import { createHmac, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { App, RegistrationMode, SigningKey } from '../../../../core/domain/app.js';
import type { Device, Registration } from '../../../../core/domain/device.js';
import { createRegistrationCheck } from '../../../../core/registration/check-registration.js';
import { createSigningKeys } from '../../../../core/registration/signing-keys.js';
import { createSecretBox } from '../../../../core/sealing/secret-box.js';

const NOW = 1_800_000_000_000;
const SECONDS = NOW / 1000;
const APP_NUM = 7;
const SECRET = 'a secret of the business system, long enough'.replaceAll(' ', '-');
const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EDDSA: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const published = { find: async () => [], problemOf: () => undefined, close() {} };
const keys = createSigningKeys({ box: createSecretBox([randomBytes(32)]), published });
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const make = (kind: 'HS256' | keyof typeof PAIRS, kid = ''): SigningKey => {
  const key = kind === 'HS256' ? SECRET : pemOf(PAIRS[kind].publicKey);
  return keys.make(APP_NUM, { kind, key, kid }).key;
};
const appWith = (signingKeys: SigningKey[], registration: RegistrationMode = 'SIGNED'): App => {
  return { num: APP_NUM, id: 'app1', name: 'x', keys: [], disabled: false, registration, signingKeys };
};
const alice: Registration = {
  appId: 'app1',
  alias: 'alice',
  platform: 'ANDROID',
  nativeToken: 'token-1',
  mobile: null,
  tags: ['news'],
};
const DEVICE_ID = 'b17831a7db850a0478e1ce71fef29618';
const device: Device = { num: 1, id: DEVICE_ID, appNum: APP_NUM, platform: 'ANDROID', registered: true, generation: 1 };

type Claims = Record<string, unknown>;
const good: Claims = { sub: 'alice', aud: 'app1', exp: SECONDS + 600 };
const signedBy = (
  alg: string,
  key: KeyObject | Uint8Array,
  claims: Claims = good,
  header: Record<string, unknown> = {},
): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
const hs256 = (claims: Claims, header: Record<string, unknown> = {}) =>
  signedBy('HS256', Buffer.from(SECRET), { ...good, ...claims }, header);
/** Signs what jose would not. */
function forged(head: Claims, claims: Claims, sign: (input: string) => Buffer): string {
  const input = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign(input).toString('base64url')}`;
}

function newCheck() {
  return createRegistrationCheck({ keys, findDevicesByToken: async () => [device], now: () => NOW });
}
/** The reason for which a registration is refused; "" where it is not. */
async function outcome(app: App, token: string, registration: Partial<Registration> = {}): Promise<string> {
  const refused = await newCheck()
    .check(app, { ...alice, ...registration }, token)
    .then(
      () => undefined,
      (error: { reason?: string; message: string }) => error,
    );
  // No error repeats a part of a token.
  for (const part of token.split('.').filter(({ length }) => length > 8))
    expect(refused?.message ?? '').not.toContain(part);
  return refused === undefined ? '' : (refused.reason ?? String(refused));
}
const signed = appWith([make('HS256')]);

describe('a registration token', () => {
  it.each(['ES256', 'EDDSA', 'RS256'] as const)('of %s lets its alias in, and nobody else', async (kind) => {
    const app = appWith([make('HS256'), make(kind)]);
    const alg = kind === 'EDDSA' ? 'EdDSA' : kind;
    const { privateKey } = PAIRS[kind];
    expect(await outcome(app, await signedBy(alg, privateKey))).toBe('');
    expect(await outcome(app, await signedBy(alg, privateKey), { alias: 'bob' })).toBe('REGISTRATION_WRONG_ALIAS');
    const token = await signedBy(alg, privateKey);
    expect(await outcome(app, `${token.slice(0, -10)}AAAAAAAAAA`)).toBe('REGISTRATION_SIGNATURE_WRONG');
    expect(await outcome(appWith([make('HS256')]), token)).toBe('REGISTRATION_KEY_UNKNOWN');
  });

  it.each<[string, Claims, string]>([
    ['as documented', {}, ''],
    ['for several apps', { aud: ['other', 'app1'] }, ''],
    ['for another app', { aud: 'app2' }, 'REGISTRATION_WRONG_APP'],
    ['for other apps', { aud: ['app2', 'app1 '] }, 'REGISTRATION_WRONG_APP'],
    ['for no app', { aud: undefined }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['for apps that are numbers', { aud: [1] }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['for another alias', { sub: 'Alice' }, 'REGISTRATION_WRONG_ALIAS'],
    ['for nobody', { sub: undefined }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['for a number', { sub: 1 }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['that has expired within the skew', { exp: SECONDS - 59 }, ''],
    ['that has expired', { exp: SECONDS - 61 }, 'REGISTRATION_TOKEN_EXPIRED'],
    ['that never expires', { exp: undefined }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['that expires in words', { exp: 'tomorrow' }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['that lives a day', { exp: SECONDS + 86_400 }, ''],
    ['that lives longer', { exp: SECONDS + 86_500 }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['that begins within the skew', { nbf: SECONDS + 59 }, ''],
    ['that begins later', { nbf: SECONDS + 61 }, 'REGISTRATION_TOKEN_EARLY'],
    ['that begins in words', { nbf: 'now' }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['that allows the tags', { tags: ['sport', 'news'] }, ''],
    ['that allows other tags', { tags: ['sport'] }, 'REGISTRATION_WRONG_TAG'],
    ['that allows no tags', { tags: [] }, 'REGISTRATION_WRONG_TAG'],
    ['whose tags are no list', { tags: 'news' }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['of this native token', { device: 'token-1' }, ''],
    ['of this device', { device: DEVICE_ID }, ''],
    ['of another device', { device: 'token-2' }, 'REGISTRATION_WRONG_DEVICE'],
    ['of a device that is a number', { device: 1 }, 'REGISTRATION_TOKEN_MALFORMED'],
    ['with claims of others', { iss: 'x', jti: 'y', admin: true }, ''],
  ])('%s', async (_, claims, expected) => {
    expect(await outcome(signed, await hs256(claims))).toBe(expected);
  });

  it('lets no more tags in when its device registers again with it', async () => {
    const token = await hs256({ tags: ['news'] });
    expect(await outcome(signed, token)).toBe('');
    expect(await outcome(signed, token, { tags: ['news', 'staff'] })).toBe('REGISTRATION_WRONG_TAG');
    expect(await outcome(signed, token, { tags: [] })).toBe('');
  });

  it('finds its key by kid, or tries those without', async () => {
    const named = appWith([make('HS256', 'one')]);
    expect(await outcome(named, await hs256({}, { kid: 'one' }))).toBe('');
    expect(await outcome(named, await hs256({}))).toBe('');
    expect(await outcome(named, await hs256({}, { kid: 'two' }))).toBe('REGISTRATION_KEY_UNKNOWN');
    expect(await outcome(signed, await hs256({}, { kid: 'two' }))).toBe('');
    const other = keys.make(APP_NUM, { kind: 'HS256', key: '', kid: '' }).key;
    expect(await outcome(appWith([other, make('HS256')]), await hs256({}))).toBe('');
    expect(await outcome(appWith([]), await hs256({}))).toBe('REGISTRATION_KEY_UNKNOWN');
  });

  it('never chooses its own algorithm: none, a public key as a secret, and another curve are refused', async () => {
    const rsa = appWith([make('RS256')]);
    const pem = pemOf(PAIRS.RS256.publicKey);
    const jwk = make('RS256').material;
    for (const secret of [pem, pem.trim(), jwk]) {
      const confused = forged({ alg: 'HS256' }, good, (input) => createHmac('sha256', secret).update(input).digest());
      expect(await outcome(rsa, confused)).toBe('REGISTRATION_KEY_UNKNOWN');
      expect(await outcome(appWith([make('RS256'), make('HS256')]), confused)).toBe('REGISTRATION_SIGNATURE_WRONG');
    }
    const unsecured = new UnsecuredJWT(good).encode();
    for (const alg of ['none', 'None', 'NONE', '', 'RS512', 'PS256', 'HS512', 'ES384', 'dir']) {
      expect(
        await outcome(
          signed,
          forged({ alg }, good, () => Buffer.alloc(0)),
        ),
      ).toBe('REGISTRATION_KEY_UNKNOWN');
    }
    expect(await outcome(signed, unsecured)).toBe('REGISTRATION_KEY_UNKNOWN');
    const own = { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' }, jku: 'https://evil.example.com' };
    const signs = (input: string) => createHmac('sha256', Buffer.alloc(3)).update(input).digest();
    expect(await outcome(signed, forged(own, good, signs))).toBe('REGISTRATION_SIGNATURE_WRONG');
  });

  it('is refused for what it is where it is no JWT', async () => {
    const token = await hs256({});
    const hmac = (input: string) => createHmac('sha256', SECRET).update(input).digest();
    const malformed = [
      'x',
      '..',
      '-',
      'a.b.c',
      'a.b.c.d.e',
      `${token}.`,
      `${token}${'A'.repeat(100_000)}`,
      token.replace('.', '..'),
      `{"token":"${token}"}`,
      forged({ alg: 'HS256', crit: ['exp'], exp: 1 }, good, hmac),
      forged({ alg: 'HS256', b64: false, crit: ['b64'] }, good, hmac),
      forged({ alg: 'HS256', kid: 1 }, good, hmac),
      forged({ alg: ['HS256'] }, good, hmac),
      forged({ alg: 'HS256' }, [] as unknown as Claims, hmac),
    ];
    for (const text of malformed)
      expect([text.slice(0, 60), await outcome(signed, text)]).toEqual([
        text.slice(0, 60),
        'REGISTRATION_TOKEN_MALFORMED',
      ]);
  });
});

describe('the rule of an app', () => {
  it('OPEN looks at no token', async () => {
    expect(await outcome(appWith([], 'OPEN'), '')).toBe('');
    expect(await outcome(appWith([], 'OPEN'), 'anything')).toBe('');
  });

  it('BOTH takes and counts what comes without a token, and refuses a bad one', async () => {
    const check = newCheck();
    const app = appWith([make('HS256')], 'BOTH');
    for (let n = 0; n < 2; n++) await check.check(app, alice, '');
    await check.check(app, alice, await hs256({}));
    await expect(check.check(app, alice, 'x.y.z')).rejects.toMatchObject({ reason: 'REGISTRATION_TOKEN_MALFORMED' });
    expect(check.unsignedOf('app1')).toBe(2);
    expect([...check.unsigned()]).toEqual([['app1', 2]]);
  });

  it('SIGNED wants one', async () => {
    expect(await outcome(signed, '')).toBe('REGISTRATION_TOKEN_MISSING');
  });
});

describe('a signing key', () => {
  const ruleOf = (kind: SigningKey['kind'], key: string, kid = ''): string => {
    try {
      keys.make(APP_NUM, { kind, key, kid });
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };

  it('is a secret that is made, or one of 32 characters or more, kept encrypted for its app alone', async () => {
    const { key, secret } = keys.make(APP_NUM, { kind: 'HS256', key: '', kid: '' });
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(keys.make(APP_NUM, { kind: 'HS256', key: SECRET, kid: '' }).secret).toBeUndefined();
    expect(JSON.stringify(key)).not.toContain(secret);
    expect([keys.problemOf(APP_NUM, key), keys.problemOf(APP_NUM + 1, key)]).toEqual(['', 'wrong_key']);
    expect(ruleOf('HS256', 'x'.repeat(31))).toContain('32 to 1024');
    expect(ruleOf('HS256', `${SECRET} `)).toContain('32 to 1024');
    const keyless = createSigningKeys({ box: createSecretBox([]), published });
    expect(() => keyless.make(1, { kind: 'HS256', key: '', kid: '' })).toThrow('ONEPUSH_SECRET_KEY');
    expect(keyless.make(1, { kind: 'ES256', key: pemOf(PAIRS.ES256.publicKey), kid: '' }).key.keyId).toBeNull();
  });

  it('is encrypted with the first key when there is another one', async () => {
    const [before, after] = [randomBytes(32), randomBytes(32)];
    const old = createSigningKeys({ box: createSecretBox([before]), published });
    const stored = { ...old.make(APP_NUM, { kind: 'HS256', key: SECRET, kid: '' }).key, appNum: APP_NUM };
    const both = createSigningKeys({ box: createSecretBox([after, before]), published });
    const [resealed] = both.reseal([stored]);
    expect(both.reseal(resealed === undefined ? [] : [resealed])).toEqual([]);
    const only = createSigningKeys({ box: createSecretBox([after]), published });
    expect(only.problemOf(APP_NUM, resealed ?? stored)).toBe('');
    expect(only.reseal([stored])).toEqual([]);
  });

  it('is a public key of the kind that it is said to be, and never a private one', () => {
    for (const kind of ['ES256', 'EDDSA', 'RS256'] as const) {
      const { publicKey, privateKey } = PAIRS[kind];
      expect(ruleOf(kind, pemOf(publicKey))).toBe('');
      expect(ruleOf(kind, JSON.stringify(publicKey.export({ format: 'jwk' })))).toBe('');
      expect(ruleOf(kind, JSON.stringify(privateKey.export({ format: 'jwk' })))).toContain(`a public key of ${kind}`);
      expect(ruleOf(kind, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toContain('a public key');
      for (const other of ['ES256', 'EDDSA', 'RS256'] as const) {
        if (other !== kind) expect(ruleOf(other, pemOf(publicKey))).toContain(`a public key of ${other}`);
      }
    }
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    expect(ruleOf('RS256', pemOf(weak))).toContain('a public key');
    expect(ruleOf('ES256', pemOf(curve))).toContain('a public key');
    for (const key of ['', 'x', '{', '{}', '[]', 'null', '{"kty":"oct","k":"AAAA"}']) {
      expect(ruleOf('ES256', key)).toContain('a public key');
    }
  });

  it('is an address of the internet', () => {
    expect(ruleOf('JWKS', 'https://login.example.com/.well-known/jwks.json')).toBe('');
    expect(ruleOf('JWKS', 'https://login.example.com/jwks', 'kid')).toContain('kid must be absent');
    const bad = [
      '',
      'x',
      'http://example.com/',
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://10.0.0.1/',
      'https://a:b@example.com/',
      'file:///etc/passwd',
    ];
    for (const key of bad) expect(ruleOf('JWKS', key)).toContain('must be an https address');
  });
});
