import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  createFindClient,
  type ForwardedHeader,
  parseAddress,
  textOfAddress,
} from '../../../../common/http/client-address.js';

const trusted = new BlockList();
trusted.addSubnet('10.0.0.0', 8, 'ipv4');
trusted.addSubnet('fd00::', 8, 'ipv6');

/** Finds the client of a connection from `peer`. */
function find(peer: string | number[], forwarded = '', header: ForwardedHeader = 'x-forwarded-for') {
  const bytes = Array.isArray(peer) ? peer : peer.split('.').map(Number);
  const both = { forwarded: 'for=192.0.2.99', forwardedFor: '192.0.2.99' };
  const head = header === 'forwarded' ? { ...both, forwarded } : { ...both, forwardedFor: forwarded };
  return createFindClient({ trusted, header })(textOfAddress(new Uint8Array(bytes).buffer), head);
}

describe('the client of a request', () => {
  it.each([
    ['a stranger, whatever it writes', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the one that a proxy names', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['the one before the last that is no proxy', '10.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['the one that several headers name at their end', '10.0.0.1', '1.1.1.1,198.51.100.1', '198.51.100.1'],
    ['the one behind proxies of both versions', '10.0.0.1', '198.51.100.1,fd00::2', '198.51.100.1'],
    ['with a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['within IPv6', '10.0.0.1', '[::ffff:198.51.100.1]:4711', '198.51.100.1'],
    ['the last that is known where it writes rubbish', '10.0.0.1', '1.1.1.1, x;y, 10.0.0.2', '10.0.0.2'],
    ['the first where all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('is %s', (_, peer, forwarded, expected) => {
    expect(find(peer, forwarded)).toEqual({ text: expected, network: expected, isExempt: false });
  });

  it.each([
    ['for=198.51.100.1;proto=https;by=203.0.113.43', '198.51.100.1'],
    ['for=1.1.1.1, For="198.51.100.1:4711"', '198.51.100.1'],
    ['for="unbalanced, for=198.51.100.1', '198.51.100.1'],
    ['proto=https;for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe:0:0:0:0:17'],
    ['for=198.51.100.1, for=_hidden', '10.0.0.1'],
    ['by=198.51.100.1', '10.0.0.1'],
  ])('is in Forwarded %s', (forwarded, expected) => {
    expect(find('10.0.0.1', forwarded, 'forwarded').text).toBe(expected);
  });

  it('is not looked for in the other header, which a proxy may pass on from anybody', () => {
    expect(find('10.0.0.1', '').text).toBe('10.0.0.1');
    expect(find('10.0.0.1', '', 'forwarded').text).toBe('10.0.0.1');
  });

  it('counts by the first 64 bits of an IPv6 address, and as IPv4 within it', () => {
    const peer = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6];
    expect(find(peer)).toEqual({ text: '2001:db8:1:2:3:4:5:6', network: '2001:db8:1:2::/64', isExempt: false });
    expect(find('10.0.0.1', '2001:db8:1:2:ffff::1').network).toBe('2001:db8:1:2::/64');
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 9];
    expect(find(mapped)).toEqual({ text: '203.0.113.9', network: '203.0.113.9', isExempt: false });
    const proxy = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1];
    expect(find(proxy, '198.51.100.1').text).toBe('198.51.100.1');
  });

  it('has no limits if it is this machine, or a proxy that names nobody', () => {
    const loopback = [...Array<number>(15).fill(0), 1];
    const found = [find('127.0.0.1'), find(loopback), find('10.0.0.1'), find('10.0.0.1', '1.1.1.1, unknown'), find([])];
    expect(found.map(({ isExempt }) => isExempt)).toEqual(Array(5).fill(true));
  });
});

describe('an address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:DB8::', '2001:db8:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0:0:0:102:304'],
    ['::ffff:0102:0304', '1.2.3.4'],
    ['fe80::1%eth0', undefined],
    ['1.2.3', undefined],
    ['', undefined],
  ])('%s is spelled %s', (text, expected) => {
    expect(parseAddress(text)).toBe(expected);
  });
});
