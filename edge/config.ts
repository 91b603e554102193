import { type Address, type Environment, EnvReader } from '../common/env.js';
import { LOG_LEVELS, type LogLevel } from '../common/log.js';

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
  /** Seconds that a stop may take. */
  drainSeconds: number;
  logLevel: LogLevel;
}

/** @throws ConfigError with every problem */
export function readEdgeConfig(env: Environment): Readonly<EdgeConfig> {
  const reader = new EnvReader(env);
  const config: EdgeConfig = {
    httpListen: reader.address('ONEPUSH_HTTP_LISTEN', '0.0.0.0:8080'),
    httpOrigins: reader.origins('ONEPUSH_HTTP_ORIGINS', ['*']),
    opsListen: reader.address('ONEPUSH_OPS_LISTEN', '127.0.0.1:8081'),
    coreAddrs: reader.targets('ONEPUSH_CORE_ADDRS', '127.0.0.1:9090'),
    linkToken: reader.requiredSecret('ONEPUSH_LINK_TOKEN'),
    maxBodyBytes: reader.integer('ONEPUSH_MAX_BODY_BYTES', 65_536, 1024, 4_194_304),
    isStrict: reader.oneOf<'0' | '1'>('ONEPUSH_STRICT_JSON', '0', ['0', '1']) === '1',
    maxSessions: reader.integer('ONEPUSH_MAX_SESSIONS', 200_000, 1, 4_000_000),
    workers: reader.integer('ONEPUSH_EDGE_WORKERS', 1, 1, 64),
    confirmInterval: reader.integer('ONEPUSH_CONFIRM_INTERVAL', 10_000, 10, 300_000),
    pingSeconds: reader.integer('ONEPUSH_PING_INTERVAL', 25, 4, 900),
    drainSeconds: reader.integer('ONEPUSH_DRAIN_SECONDS', 10, 0, 3600),
    logLevel: reader.oneOf<LogLevel>('ONEPUSH_LOG_LEVEL', 'info', LOG_LEVELS),
  };
  reader.apart({ ONEPUSH_HTTP_LISTEN: config.httpListen, ONEPUSH_OPS_LISTEN: config.opsListen });
  reader.done();
  return Object.freeze(config);
}
