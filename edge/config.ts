import type { LogLevel } from '../common/logs/log.js';
import type { Address, Environment } from '../common/settings/env.js';
import { createSettingsReader } from '../common/settings/reader.js';
import { readVapidPublicKey } from '../common/settings/vapid.js';
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
  /** The key by which browsers know who pushes to the page; undefined: the page has no Web Push. */
  vapidPublicKey: string | undefined;
  /** A larger request body is refused. */
  maxBodyBytes: number;
  /** Only the documented types, names and paths are taken in REST requests. */
  isStrict: boolean;
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
  /** Seconds that a stop may take. */
  drainSeconds: number;
  logLevel: LogLevel;
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
    vapidPublicKey: readVapidPublicKey(reader.env),
    maxBodyBytes: reader.integer('ONEPUSH_MAX_BODY_BYTES'),
    isStrict: reader.flag('ONEPUSH_STRICT_JSON'),
    maxSessions: reader.integer('ONEPUSH_MAX_SESSIONS'),
    workers: reader.integer('ONEPUSH_EDGE_WORKERS'),
    confirmInterval: reader.integer('ONEPUSH_CONFIRM_INTERVAL'),
    pingSeconds: reader.integer('ONEPUSH_PING_INTERVAL'),
    delivered: reader.delivered(),
    pongSeconds: reader.integer('ONEPUSH_PONG_TIMEOUT'),
    drainSeconds: reader.integer('ONEPUSH_DRAIN_SECONDS'),
    logLevel: reader.logLevel(),
  };
  reader.env.apart({ ONEPUSH_HTTP_LISTEN: config.httpListen, ONEPUSH_OPS_LISTEN: config.opsListen });
  reader.env.done();
  return Object.freeze(config);
}
