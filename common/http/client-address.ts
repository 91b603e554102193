import type { IncomingHttpHeaders } from 'node:http';
import { type BlockList, isIP } from 'node:net';

/** The header in which a proxy names the client. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** Headers in which proxies name the client; empty: there is none. */
export interface ForwardedHeaders {
  readonly forwarded: string;
  readonly forwardedFor: string;
}

/** Sender of a request, as far as its address tells. */
export interface ClientAddress {
  /** The address as text, for logs; "" where it is not known. */
  readonly text: string;
  /** The part that counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address. */
  readonly network: string;
  /**
   * True if limits do not count it: this machine itself, or a trusted proxy that does not say for whom it asks. Behind
   * either may be everybody.
   */
  readonly isExempt: boolean;
}

/**
 * Finds the client of a request.
 *
 * @param peer address of the other end of the connection; empty: it is not known
 * @param head of the request
 */
export type FindClient = (peer: string, head: ForwardedHeaders) => ClientAddress;

/** Proxies behind one another that are looked at. */
const MAX_HOPS = 16;
/** The groups of an IPv4 address within IPv6 before it. */
const MAPPED = '0:0:0:0:0:ffff:';

/**
 * Returns the finder for these proxies. The header is read from its end, where the proxy that is nearest wrote: as long
 * as an address is that of a trusted proxy, the one before it is what that proxy saw. The first that is not is the
 * client, and what it wrote itself is never looked at. Costs 1 to 3 µs; asked for each registration and each
 * connection, and for no send.
 */
export function createFindClient(options: { trusted: BlockList; header: ForwardedHeader }): FindClient {
  const isTrusted = (address: string): boolean => options.trusted.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  const isStandard = options.header === 'forwarded';
  const addressIn = isStandard ? addressOfForwarded : addressOfEntry;

  return (peer, { forwarded, forwardedFor }) => {
    let address = parseAddress(peer) ?? '';
    if (address === '') return { text: '', network: '', isExempt: true };
    let isNamed = false;
    let rest = isStandard ? forwarded : forwardedFor;
    let isProxy = isTrusted(address);
    for (let hops = 0; isProxy && rest !== '' && hops < MAX_HOPS; hops++) {
      const comma = rest.lastIndexOf(',');
      const named = parseAddress(addressIn(rest.slice(comma + 1).trim()));
      if (named === undefined) break;
      address = named;
      isNamed = true;
      isProxy = isTrusted(address);
      rest = rest.slice(0, Math.max(0, comma));
    }
    return { text: address, network: networkOf(address), isExempt: (isProxy && !isNamed) || isLoopback(address) };
  };
}

/** Returns an address in its one spelling; undefined if it is none. An IPv4 address within IPv6 is that one. */
export function parseAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 4) return text;
  // A zone has a meaning on one machine only.
  if (version === 0 || text.includes('%')) return undefined;
  return fromGroups(groupsOf(text));
}

/** `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1` or `[2001:db8::1]:80`, in quotes or not. */
function addressOfEntry(entry: string): string {
  const plain = entry.replace(/^"(.*)"$/, '$1');
  const [, bracketed, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|(\d[\d.]*):\d+)$/.exec(plain) ?? [];
  return bracketed ?? withPort ?? plain;
}

/** An element of `Forwarded` (RFC 7239): `for=1.2.3.4;proto=https`. A proxy writes no comma into what it quotes. */
function addressOfForwarded(element: string): string {
  for (const pair of element.split(';')) {
    const [, value] = /^\s*for\s*=\s*(.*?)\s*$/i.exec(pair) ?? [];
    if (value !== undefined) return addressOfEntry(value);
  }
  return '';
}

/** Returns what proxies say in a request of Node.js. */
export function forwardedIn(headers: IncomingHttpHeaders): ForwardedHeaders {
  return { forwarded: headers.forwarded ?? '', forwardedFor: String(headers['x-forwarded-for'] ?? '') };
}

/** Returns the text of an address of 4 or 16 bytes, as uWebSockets has it; "" for anything else. */
export function textOfAddress(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0));
  return fromGroups(groups);
}

/** The eight groups of an IPv6 address. @param text one that `isIP` takes */
function groupsOf(text: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const [head = '', tail] = (dotted === null ? text : withGroups(dotted)).split('::');
  const before = groupsIn(head);
  const after = groupsIn(tail ?? '');
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function withGroups([, before = '', ...bytes]: readonly string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return `${before}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function groupsIn(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function fromGroups(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(':');
  if (!text.startsWith(MAPPED)) return text;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A customer of IPv6 has at least 64 bits for himself. */
function networkOf(address: string): string {
  return address.includes(':') ? `${address.split(':').slice(0, 4).join(':')}::/64` : address;
}

/** This machine's own names, with a port or without. */
const OWN_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Returns true if a program of this machine asks for this machine by its name, and says nothing of another client. A
 * proxy here that hides all of that, and forwards under such a name, cannot be told from it.
 */
export function isFromThisMachine(
  client: ClientAddress,
  { host, forwarded, forwardedFor }: ForwardedHeaders & { readonly host: string },
): boolean {
  return isLoopback(client.text) && OWN_HOST.test(host) && forwarded === '' && forwardedFor === '';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '0:0:0:0:0:0:0:1';
}
