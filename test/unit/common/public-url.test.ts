import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, isPublicUrl, MAX_PUBLIC_URL } from '../../../common/public-url.js';

describe('an address of the internet', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '198.20.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is one', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.255',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::8.8.8.8',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '3fff::1',
    '4000::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '127.1',
    '',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false));
});

/** Of each network that is no internet one more, so that random addresses fall into it often. */
const v4 = fc
  .tuple(fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 255), fc.nat(255), fc.nat(255), fc.nat(255))
  .chain(([a, b, c, d]) => fc.constantFrom(`${a}.${b}.${c}.${d}`, `8.${b}.${c}.${d}`));

/** The number of an IPv4 address, computed as no library does it. */
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

describe('an IPv4 address', () => {
  it('is as public in each of its spellings as in the usual one', () => {
    fc.assert(
      fc.property(v4, (address) => {
        const hex = numberOf(address).toString(16).padStart(8, '0');
        const inV6 = `${hex.slice(0, 4)}:${hex.slice(4)}`;
        const expected = isPublicAddress(address);
        for (const other of [`::ffff:${address}`, `::ffff:${inV6}`, `64:ff9b::${inV6}`, `64:ff9b::${address}`]) {
          expect(isPublicAddress(other), other).toBe(expected);
        }
        for (const host of [address, `${numberOf(address)}`, `0x${hex}`, `${address}.`, `[::ffff:${inV6}]`]) {
          expect(isPublicUrl(`https://${host}/`), host).toBe(expected);
        }
      }),
    );
  });
});

describe('an address that a client gives', () => {
  it.each([
    'https://fcm.googleapis.com/fcm/send/abc:APA91b',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
    'https://web.push.apple.com/QO',
    'https://push.example.com:8443/x?y=z',
    'https://8.8.8.8/x',
    'https://[2606:4700::1111]/x',
    'HTTPS://push.example.com/x',
  ])('%s is taken', (url) => expect(isPublicUrl(url)).toBe(true));

  it.each([
    '',
    'push',
    'http://push.example.com/x',
    'ftp://push.example.com/x',
    'https://',
    'https:push.example.com',
    'https:///push.example.com',
    'https:\\\\push.example.com',
    'https://user@push.example.com/',
    'https://:secret@push.example.com/',
    'https://push.example.com/a b',
    'https://push.example.com/\n',
    ' https://push.example.com/',
    'https://push.example.com:99999/',
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fd00::1]/',
    'https://[fe80::1%25eth0]/',
    `https://push.example.com/${'a'.repeat(MAX_PUBLIC_URL)}`,
  ])('%s is refused', (url) => expect(isPublicUrl(url)).toBe(false));
});
