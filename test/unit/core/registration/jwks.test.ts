import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createPublishedKeys,
  FRESH_MS,
  type PublishedKeys,
  REFETCH_MS,
  STALE_MS,
} from '../../../../core/registration/jwks.js';
import { localCertificate, testAuthority } from '../../../support/vendors/certificates.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' };
const jwks = (...keys: object[]) => JSON.stringify({ keys });
const isNamed = (kid: string) => (key: { kid: string | undefined }) => key.kid === kid;

interface Rig {
  url: string;
  keys: PublishedKeys;
  /** Number of requests so far. */
  asked(): number;
  /** Moves the clock on. */
  pass(ms: number): void;
  find(kid: string): Promise<number | string>;
}

/** Published keys whose server answers as it is told. */
async function startRig(
  answer: (response: ServerResponse, nth: number, request: IncomingMessage) => unknown,
  { isTrusted = true, timeoutMs = 10_000 } = {},
): Promise<Rig> {
  let asked = 0;
  let now = 1_800_000_000_000;
  const [{ ca }, certificate] = await Promise.all([testAuthority(), localCertificate()]);
  const server = createServer(certificate, (request, response) => answer(response, ++asked, request));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const url = `https://localhost:${(server.address() as AddressInfo).port}/jwks`;
  const rules = { publicHosts: ['*'], trustedHosts: isTrusted ? ['localhost'] : [] };
  const keys = createPublishedKeys({ ca, rules, timeoutMs, now: () => now });
  closers.push(() => {
    keys.close();
    server.closeAllConnections();
    server.close();
  });
  const find = (kid: string) =>
    keys.find(url, isNamed(kid)).then(
      ({ length }) => length,
      (error: { reason: string }) => error.reason,
    );
  const pass = (ms: number): void => {
    now += ms;
  };
  return { url, keys, asked: () => asked, pass, find };
}

describe('published keys', () => {
  it('are fetched once for all who ask, and again for one that is not among them, but not at once', async () => {
    const rig = await startRig((response, nth) =>
      response.end(nth === 1 ? jwks(jwk) : jwks(jwk, { ...jwk, kid: 'two' })),
    );
    expect(await Promise.all([rig.find('one'), rig.find('one'), rig.find('two')])).toEqual([1, 1, 0]);
    expect(rig.asked()).toBe(1);
    expect(await Promise.all(Array.from({ length: 20 }, (_, nth) => rig.find(`unknown-${nth}`)))).toEqual(
      Array(20).fill(0),
    );
    expect(rig.asked()).toBe(1);
    rig.pass(REFETCH_MS);
    expect(await Promise.all([rig.find('two'), rig.find('three')])).toEqual([1, 0]);
    expect(rig.asked()).toBe(2);
  });

  it('are fetched again when they are old, used for a while where that fails, and then no more', async () => {
    const rig = await startRig((response, nth) =>
      nth === 1 ? response.end(jwks(jwk)) : response.writeHead(500).end(),
    );
    expect(await rig.find('one')).toBe(1);
    rig.pass(FRESH_MS);
    expect(await rig.find('one')).toBe(1);
    await expect.poll(() => rig.keys.problemOf(rig.url)).toBe('http_500');
    rig.pass(STALE_MS - FRESH_MS - 1);
    expect(await rig.find('one')).toBe(1);
    rig.pass(REFETCH_MS);
    expect(await rig.find('one')).toBe('REGISTRATION_KEYS_UNAVAILABLE');
  });

  it('are those of use: no secret, no private key, no other algorithm, and not more than a hundred', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const others = [
      null,
      1,
      'x',
      {},
      { kty: 'oct', k: 'AAAA', kid: 'one' },
      { ...privateKey.export({ format: 'jwk' }), kid: 'one' },
      { ...jwk, alg: 'ES512' },
      { ...jwk, use: 'enc' },
      { ...jwk, x: 'AAAA' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'one' },
    ];
    const rig = await startRig((response) =>
      response.end(JSON.stringify({ keys: [...others, ...Array(200).fill(jwk)] })),
    );
    expect(await rig.find('one')).toBe(100 - others.length);
  });

  it.each<[string, (response: ServerResponse) => unknown, string]>([
    ['HTML', (response) => response.end('<!doctype html><title>Sign in</title>'), 'no_jwks'],
    ['JSON of another kind', (response) => response.end('[]'), 'no_jwks'],
    ['10 MB', (response) => response.end(Buffer.alloc(10_000_000, ' ')), 'answer_cut'],
    ['nothing', (response) => response.destroy(), 'ECONNRESET'],
    ['too late', (response) => response.writeHead(200).write('{'), 'answer_cut'],
    ['never', () => undefined, 'timeout'],
    ['a redirect', (response) => response.writeHead(302, { location: 'https://localhost/' }).end(), 'http_302'],
    ['an error', (response) => response.writeHead(404).end(jwks(jwk)), 'http_404'],
  ])('cannot be fetched where the server answers %s', async (what, answer, problem) => {
    const waits = ['too late', 'never'];
    const rig = await startRig((response) => answer(response), { timeoutMs: waits.includes(what) ? 1000 : 10_000 });
    expect(await rig.find('one')).toBe('REGISTRATION_KEYS_UNAVAILABLE');
    expect(rig.keys.problemOf(rig.url)).toBe(problem);
    expect(await rig.find('one')).toBe('REGISTRATION_KEYS_UNAVAILABLE');
    expect(rig.asked()).toBe(1);
  });

  it('are not fetched from a private address, whatever name it has', async () => {
    const rig = await startRig((response) => response.end(jwks(jwk)), { isTrusted: false });
    expect(await rig.find('one')).toBe('REGISTRATION_KEYS_UNAVAILABLE');
    expect(rig.keys.problemOf(rig.url)).toBe('ENOTPUBLIC');
    for (const url of ['https://127.0.0.1/', 'https://[::ffff:127.0.0.1]/', 'http://example.com/']) {
      await expect(rig.keys.find(url, () => true)).rejects.toMatchObject({ reason: 'REGISTRATION_KEYS_UNAVAILABLE' });
    }
    expect(rig.asked()).toBe(0);
  });
});
