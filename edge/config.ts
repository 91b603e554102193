import type { BlockList } from 'node:net';
import type { ForwardedHeader } from '../common/http/client-address.js';
import type { LogLevel } from '../common/logs/log.js';
import type { Address, Environment } from '../common/settings/env.js';
import { createSettingsReader } from '../common/settings/reader.js';
import { readVapidPublicKey } from '../common/settings/vapid.js';
import type { ServerFiles, TlsFiles } from '../common/tls/material.js';
import { findPlaintext, portExposures } from '../common/tls/plaintext.js';
import { readLinkFiles, readPortFiles } from '../common/tls/settings.js';
import { readTracing, type TracingConfig } from '../common/tracing/settings.js';
import type { AddressLimitOptions } from './address-limits.js';
import type { Delivered } from './ws/acknowledgements.js';

/** The edge's settings, complete and checked. */
export interface EdgeConfig {
  httpListen: Address;
  /** Origins of pages that may register and unregister from a browser; `*`: all. */
  httpOrigins: ReadonlySet<string>;
  /** Metrics and health; not for the public. */
  opsListen: Address;
  /** The cores to attach to: one at a time, the next one when it goes away. */
  coreAddrs: readonly Address[];
  /** The token that the core wants to see. */
  linkToken: string;
  /** There is a page at `/`. */
  hasPage: boolean;
  /** The key by which browsers know who pushes to the page; undefined: the page has no Web Push. */
  vapidPublicKey: string | undefined;
  /** A larger request body is refused. */
  maxBodyBytes: number;
  /** Only the documented types, names and paths are taken in REST requests. */
  isStrict: boolean;
  /** Proxies whose word is taken for the address of a client, and the header that they give it in. */
  proxies: { trusted: BlockList; header: ForwardedHeader };
  /** Limits of what one address may do. */
  addressLimits: AddressLimitOptions;
  /** More WebSockets than this in one process are closed with 4429. */
  maxSessions: number;
  /** Number of processes that share the public port. */
  workers: number;
  /** Milliseconds until an unconfirmed message is sent again for the first time; then at doubling intervals. */
  confirmInterval: number;
  /** Seconds without a word from a socket after which it is pinged. */
  pingSeconds: number;
  /** The moment of delivery: when the device has answered a ping behind a message, or when the kernel has taken it. */
  delivered: Delivered;
  /** Seconds that a device may take to answer such a ping, and a second more for each 8 KiB before it. */
  pongSeconds: number;
  /** The certificate of all ports; undefined: they are plain text. */
  tls: ServerFiles | undefined;
  /** The edge's end of the link; undefined: that is plain text. */
  linkTls: TlsFiles | undefined;
  /** Plain HTTP that sends readers to https; undefined: there is none. */
  redirectListen: Address | undefined;
  /** The port that they are sent to. */
  redirectPort: number;
  /** Seconds for which browsers shall use https only; 0: they are not told. */
  hstsSeconds: number;
  /** Settings of what is plain text beyond this machine, and allowed to be. */
  plaintext: readonly string[];
  /** Seconds that a stop may take. */
  drainSeconds: number;
  logLevel: LogLevel;
  /** Undefined: traces are off. */
  tracing: TracingConfig | undefined;
}

/** @throws ConfigError with every problem */
export function readEdgeConfig(env: Environment): Readonly<EdgeConfig> {
  const reader = createSettingsReader(env, 'edge');
  const config: EdgeConfig = {
    httpListen: reader.address('ONEPUSH_HTTP_LISTEN'),
    httpOrigins: reader.origins('ONEPUSH_HTTP_ORIGINS', ['*']),
    opsListen: reader.address('ONEPUSH_OPS_LISTEN'),
    coreAddrs: reader.targets('ONEPUSH_CORE_ADDRS'),
    linkToken: reader.secret('ONEPUSH_LINK_TOKEN') ?? '',
    hasPage: reader.flag('ONEPUSH_PAGE'),
    vapidPublicKey: readVapidPublicKey(reader.env),
    maxBodyBytes: reader.integer('ONEPUSH_MAX_BODY_BYTES'),
    isStrict: reader.flag('ONEPUSH_STRICT_JSON'),
    proxies: { trusted: reader.networks('ONEPUSH_TRUSTED_PROXIES'), header: reader.forwardedHeader() },
    addressLimits: {
      registrationsPerSecond: reader.integer('ONEPUSH_ADDRESS_REGISTRATIONS_PER_SECOND'),
      unknownIdsPerSecond: reader.integer('ONEPUSH_ADDRESS_UNKNOWN_IDS_PER_SECOND'),
      sessions: reader.integer('ONEPUSH_ADDRESS_SESSIONS'),
    },
    maxSessions: reader.integer('ONEPUSH_MAX_SESSIONS'),
    workers: reader.integer('ONEPUSH_EDGE_WORKERS'),
    confirmInterval: reader.integer('ONEPUSH_CONFIRM_INTERVAL'),
    pingSeconds: reader.integer('ONEPUSH_PING_INTERVAL'),
    delivered: reader.delivered(),
    pongSeconds: reader.integer('ONEPUSH_PONG_TIMEOUT'),
    tls: readPortFiles(reader),
    linkTls: readLinkFiles(reader),
    redirectListen: reader.findAddress('ONEPUSH_HTTP_REDIRECT_LISTEN'),
    redirectPort: reader.integer('ONEPUSH_HTTP_REDIRECT_PORT'),
    hstsSeconds: reader.integer('ONEPUSH_HSTS_SECONDS'),
    plaintext: [],
    drainSeconds: reader.integer('ONEPUSH_DRAIN_SECONDS'),
    logLevel: reader.logLevel(),
    tracing: readTracing(reader.env, 'edge'),
  };
  const listeners = { ONEPUSH_HTTP_LISTEN: config.httpListen, ONEPUSH_OPS_LISTEN: config.opsListen };
  const redirect = config.redirectListen && { ONEPUSH_HTTP_REDIRECT_LISTEN: config.redirectListen };
  reader.env.apart({ ...listeners, ...redirect });
  if (config.tls === undefined) {
    if (redirect !== undefined) reader.env.problem('ONEPUSH_HTTP_REDIRECT_LISTEN needs ONEPUSH_TLS_CERT');
    if (config.hstsSeconds > 0) reader.env.problem('ONEPUSH_HSTS_SECONDS needs ONEPUSH_TLS_CERT');
  }
  const link = {
    addresses: config.coreAddrs,
    isEncrypted: config.linkTls !== undefined,
    remedy: 'ONEPUSH_LINK_TLS_CA',
  };
  config.plaintext = findPlaintext(reader, { ...portExposures(config.tls, listeners), ONEPUSH_CORE_ADDRS: link });
  reader.env.done();
  return Object.freeze(config);
}
