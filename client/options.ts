import { createSecureContext, type SecureContext } from 'node:tls';
import { invalidRequest } from './requests.js';
import type { RetryPolicy } from './retry.js';

/** The service, the caller, and the patience of both. Times are milliseconds. */
export type ClientOptions = Place & {
  /** The calling app; absent where only the admin token or no credentials are needed. */
  readonly appId?: string;
  readonly appKey?: string;
  /** For the methods of apps and channels. */
  readonly adminToken?: string;
  /** For a call with all its attempts; 30,000 by default. Each call may have another. */
  readonly timeoutMs?: number;
  /** For one attempt; 5000 by default. */
  readonly attemptTimeoutMs?: number;
  /** The pause after a failure, which doubles from one to the next; 100 by default, and at most 5000. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** Maximum number of pushes of `send` without an answer; 10,000 by default. */
  readonly maxPending?: number;
};

type Place =
  | {
      /** gRPC: `host:port` of ONEPUSH_GRPC_LISTEN. */
      readonly address: string;
      /** True where it speaks TLS with a certificate of a CA that Node.js knows; false by default. */
      readonly tls?: boolean | TlsOptions;
      readonly baseUrl?: never;
    }
  | {
      /** Connect over HTTP/1.1: the URL of ONEPUSH_CONNECT_LISTEN. */
      readonly baseUrl: string;
      readonly address?: never;
      /** For an https URL. */
      readonly tls?: TlsOptions;
    };

/** Certificates to trust and to show, where these are not the ones that Node.js knows, and none. All are PEM. */
export interface TlsOptions {
  /** CAs of the service's certificate, in the place of those that Node.js knows. */
  readonly ca?: string | Uint8Array;
  /** A certificate of this client, for a proxy that wants one. */
  readonly cert?: string | Uint8Array;
  /** Its key. */
  readonly key?: string | Uint8Array;
}

/** The options, complete. */
export interface Settings {
  /** The gRPC port, or the URL of the Connect port. */
  readonly place: ({ readonly address: string } | { readonly baseUrl: string }) & {
    /** Undefined: plain text, or an https URL with what Node.js trusts. */
    readonly secure: SecureContext | undefined;
  };
  /** The header of calls as an app; undefined: none. */
  readonly app: string | undefined;
  /** The header of calls as an admin; undefined: none. */
  readonly admin: string | undefined;
  /** Time that a call may take, with all its attempts. */
  readonly timeoutMs: number;
  /** Time that one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** Pauses between attempts. */
  readonly policy: RetryPolicy;
  /** Maximum number of pushes without an answer. */
  readonly maxPending: number;
}

/** @throws TypeError naming what is wrong */
export function parseOptions(options: ClientOptions): Settings {
  const { address, baseUrl, tls = false, appId, appKey, adminToken } = options;
  if ((appId === undefined) !== (appKey === undefined)) throw new TypeError('appId and appKey go together');
  if (appId?.includes(':')) throw new TypeError('appId must not have a colon');
  // What a header cannot carry; its error would show the token.
  if (adminToken !== undefined && !/^[!-~]+$/.test(adminToken)) throw new TypeError('adminToken must be visible ASCII');
  return Object.freeze({
    place: parsePlace(address, baseUrl, tls),
    app: appId === undefined ? undefined : `Basic ${Buffer.from(`${appId}:${appKey}`).toString('base64')}`,
    admin: adminToken === undefined ? undefined : `Bearer ${adminToken}`,
    timeoutMs: positive('timeoutMs', options.timeoutMs, 30_000),
    attemptTimeoutMs: positive('attemptTimeoutMs', options.attemptTimeoutMs, 5000),
    policy: {
      firstPauseMs: positive('firstPauseMs', options.firstPauseMs, 100),
      longestPauseMs: positive('longestPauseMs', options.longestPauseMs, 5000),
    },
    maxPending: positive('maxPending', options.maxPending, 10_000),
  });
}

function parsePlace(
  address: string | undefined,
  baseUrl: string | undefined,
  tls: boolean | TlsOptions,
): Settings['place'] {
  const secure = tls === false ? undefined : toSecureContext(tls === true ? {} : tls);
  if (address !== undefined && baseUrl === undefined) {
    if (!/^[^/\s]+:\d+$/.test(address)) throw new TypeError('address must be host:port');
    return { address, secure };
  }
  if (baseUrl === undefined || address !== undefined) throw new TypeError('give either address or baseUrl');
  if (!/^https?:$/.test(new URL(baseUrl).protocol)) throw new TypeError('baseUrl must be an http or https URL');
  if (secure !== undefined && !baseUrl.startsWith('https:')) throw new TypeError('tls needs an https URL');
  return { baseUrl, secure };
}

/** @throws TypeError */
function toSecureContext({ ca, cert, key }: TlsOptions): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
    });
  } catch {
    // Its message may have parts of the key.
    throw new TypeError('tls must have certificates and a key in PEM that fit together');
  }
}

/** Longest time that timers take, in milliseconds: 24 days. */
const MAX_MS = 2 ** 31 - 1;

/** @throws TypeError */
function positive(name: string, value: number | undefined, standard: number): number {
  if (value === undefined) return standard;
  if (!(value > 0 && Number.isFinite(value))) throw new TypeError(`${name} must be a number above 0`);
  return Math.min(value, MAX_MS);
}

/**
 * The time that one call has, in milliseconds; 0 and less when it is over.
 *
 * @throws CallError INVALID_ARGUMENT where it is no number
 */
export function parseTimeout(timeoutMs: number | undefined, standard: number): number {
  if (timeoutMs === undefined) return standard;
  if (!Number.isFinite(timeoutMs)) throw invalidRequest([{ field: 'timeoutMs', rule: 'must be a number' }]);
  return Math.min(timeoutMs, MAX_MS);
}
