import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { hostOf, isPublicAddress } from '../../common/public-url.js';

/** The hosts that may be connected to, for addresses that clients gave. */
export interface HostRules {
  /** Hosts with public addresses: `push.example.com`, `*.example.com` for all below it, `*` for all. */
  readonly publicHosts: readonly string[];
  /** Hosts that an operator named: their addresses may be private. No `*` alone. */
  readonly trustedHosts: readonly string[];
}

/** Keeps connections to the hosts of its rules, and to public addresses. */
export interface AddressGuard {
  /** Returns true if the URL's host may be connected to, as far as its text tells. */
  allows(url: URL): boolean;
  /**
   * Looks names up for connections: only addresses that may be connected to come back, so that no second look-up can
   * have another answer. `ENOTPUBLIC` where there is none. Never asked for hosts that are addresses.
   */
  readonly lookup: LookupFunction;
}

/** Code of the error where a name has no address that may be connected to. */
export const NOT_PUBLIC = 'ENOTPUBLIC';

type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** @param resolve as `dns.lookup` */
export function createAddressGuard(rules: HostRules, resolve: LookupAll = lookup): AddressGuard {
  return {
    allows(url) {
      if (url.protocol !== 'https:') return false;
      const host = hostOf(url);
      if (matchesAny(host, rules.trustedHosts)) return true;
      return matchesAny(host, rules.publicHosts) && (isIP(host) === 0 || isPublicAddress(host));
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, '');
        const trusted = matchesAny(hostname.toLowerCase().replace(/\.$/, ''), rules.trustedHosts);
        const allowed = trusted ? addresses : addresses.filter(({ address }) => isPublicAddress(address));
        const [first] = allowed;
        if (first === undefined) {
          callback(Object.assign(new Error('the host has no public address'), { code: NOT_PUBLIC }), '');
        } else if (options.all === true) {
          callback(null, allowed);
        } else {
          callback(null, first.address, first.family);
        }
      });
    },
  };
}

function matchesAny(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
  });
}
