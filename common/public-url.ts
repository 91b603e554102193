import { BlockList, isIP } from 'node:net';

/** Maximum number of characters of an address that a client gives: push services' endpoints have some 200. */
export const MAX_PUBLIC_URL = 2048;

/** The rule of an address that a client gives, after a field's name. */
export const PUBLIC_URL_RULE =
  `must be an https address of at most ${MAX_PUBLIC_URL} characters, without a user name, ` +
  'and not of a private network';

/** IPv4 networks that are not the internet, by the IANA registry of special-purpose addresses. */
const NOT_PUBLIC_V4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carriers' NAT; a cloud has its metadata there
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // a cloud's own service to its machines, though it looks public
  ['169.254.0.0', 16], // link-local; metadata of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** IPv6 networks within the global ones that are not the internet, or carry IPv4 addresses. */
const NOT_PUBLIC_V6: readonly (readonly [network: string, bits: number])[] = [
  ['2001::', 23], // protocols; Teredo among them
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
];

/** The prefix by which machines with IPv6 alone reach IPv4 addresses (RFC 6052). */
const NAT64 = '64:ff9b::';

const notPublic = new BlockList();
for (const [network, bits] of NOT_PUBLIC_V4) {
  // Of IPv4-mapped addresses the rules of IPv4 hold without more.
  notPublic.addSubnet(network, bits, 'ipv4');
  notPublic.addSubnet(`${NAT64}${network}`, 96 + bits, 'ipv6');
}
for (const [network, bits] of NOT_PUBLIC_V6) notPublic.addSubnet(network, bits, 'ipv6');

/** IPv6 networks outside of which nothing is public. */
const maybePublicV6 = new BlockList();
maybePublicV6.addSubnet('2000::', 3, 'ipv6');
maybePublicV6.addSubnet('::ffff:0:0', 96, 'ipv6');
maybePublicV6.addSubnet(NAT64, 96, 'ipv6');

/** Returns true if an IP address, without brackets, is one of the internet; false also for what is no address. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !notPublic.check(address, 'ipv4');
  return version === 6 && maybePublicV6.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
}

/** Returns the host of a URL as a resolver takes it: without brackets, and without the root's dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Returns true if this is the text of an https address without a user name. */
export function isHttpsUrl(text: string): boolean {
  // The parser would forgive spaces and missing slashes, and whoever compares two texts would not.
  if (text.length > MAX_PUBLIC_URL || !/^https:\/\/[^/\\]/i.test(text) || /[^!-~]/.test(text)) return false;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '' && hostOf(url) !== '';
}

/**
 * Returns true if a client may give this address for us to send to, as far as its text tells (`PUBLIC_URL_RULE`). A
 * name may still stand for a private address: that shows only when it is connected to.
 */
export function isPublicUrl(text: string): boolean {
  if (!isHttpsUrl(text)) return false;
  const host = hostOf(new URL(text));
  return isIP(host) === 0 || isPublicAddress(host);
}
