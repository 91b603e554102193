import type { LookupAddress, LookupOptions } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createAddressGuard, type HostRules } from '../../../../core/outbound/public-address.js';

const rules: HostRules = { publicHosts: ['push.example.com', '*.push.example.net'], trustedHosts: ['push.internal'] };

/** A resolver with these answers for every name. */
const answering =
  (...addresses: string[]): Parameters<typeof createAddressGuard>[1] =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

function lookUp(
  addresses: string[],
  hostname: string,
  options: LookupOptions = { all: true },
): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) =>
    createAddressGuard(rules, answering(...addresses)).lookup(hostname, options, (error, found) =>
      error ? reject(error) : resolve(found),
    ),
  );
}

describe('a guard', () => {
  it.each([
    ['https://push.example.com/x', true],
    ['https://PUSH.example.com./x', true],
    ['https://push.example.com:8443/x', true],
    ['https://a.push.example.net/x', true],
    ['https://push.internal/x', true],
    ['http://push.example.com/x', false],
    ['https://other.example.com/x', false],
    ['https://push.example.com.evil.net/x', false],
    ['https://evilpush.example.com/x', false],
    ['https://push.example.net/x', false],
    ['https://8.8.8.8/x', false],
  ])('asked for %s says %s', (url, allowed) => {
    expect(createAddressGuard(rules).allows(new URL(url))).toBe(allowed);
  });

  it('for all hosts allows addresses of the internet and no others', () => {
    const guard = createAddressGuard({ publicHosts: ['*'], trustedHosts: [] });
    const allowed = ['8.8.8.8', '[2606:4700::1111]', '127.0.0.1', '0x7f.1', '[::1]', '[::ffff:10.0.0.1]', 'a.example'];
    expect(allowed.filter((host) => guard.allows(new URL(`https://${host}/`)))).toEqual([
      '8.8.8.8',
      '[2606:4700::1111]',
      'a.example',
    ]);
  });

  it('allows a private address that an operator named', () => {
    const guard = createAddressGuard({ publicHosts: [], trustedHosts: ['10.0.0.7'] });
    expect(guard.allows(new URL('https://10.0.0.7/'))).toBe(true);
    expect(guard.allows(new URL('https://10.0.0.8/'))).toBe(false);
  });

  it('takes private addresses out of what a name stands for', async () => {
    const found = await lookUp(['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1111'], 'push.example.com');
    expect(found).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
  });

  it('gives one address where one is asked for', async () => {
    expect(await lookUp(['127.0.0.1', '8.8.8.8'], 'push.example.com', {})).toBe('8.8.8.8');
  });

  it('fails for a name of private addresses alone', async () => {
    await expect(lookUp(['169.254.169.254', 'fd00::1'], 'push.example.com')).rejects.toMatchObject({
      code: 'ENOTPUBLIC',
    });
    await expect(lookUp(['127.0.0.1'], 'push.example.com', {})).rejects.toMatchObject({ code: 'ENOTPUBLIC' });
  });

  it('leaves the addresses of a trusted name', async () => {
    expect(await lookUp(['10.0.0.1'], 'push.internal')).toEqual([{ address: '10.0.0.1', family: 4 }]);
  });

  it('hands a failure of the resolver on', async () => {
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const guard = createAddressGuard(rules, (_hostname, _options, callback) => callback(failure, []));
    const found = new Promise((resolve) => guard.lookup('push.example.com', { all: true }, resolve));
    expect(await found).toBe(failure);
  });
});
