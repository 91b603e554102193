import { type Address, type Environment, EnvReader } from '../common/env.js';
import { LOG_LEVELS, type LogLevel } from '../common/log.js';
import { readDatabaseUrl } from './open-store.js';

const BOOTSTRAP_RULE = 'id:key, the id of 1 to 64 letters, digits, _ . -, the key of visible ASCII without blanks';

/** The core's settings, complete and checked. */
export interface CoreConfig {
  /** `sqlite:<path>` or `mysql://…`. */
  databaseUrl: string;
  grpcListen: Address;
  connectListen: Address;
  /** The pages that may call the Connect port from a browser. */
  connectOrigins: ReadonlySet<string>;
  /** Metrics and health; not for the public. */
  opsListen: Address;
  /** The token that edges must show. */
  linkToken: string;
  /** The token that creates and reads apps; undefined: nobody does. */
  adminToken: string | undefined;
  /** Created at start if it is absent. */
  bootstrapApp: { id: string; key: string } | undefined;
  /** Seconds that a message without needConfirm waits. */
  offlineTtl: number;
  /** Maximum number of deliveries that wait for one device: beyond it the oldest are evicted. */
  inboxLimit: number;
  /** Days that a push and its receipts are kept after its expiry. */
  retentionDays: number;
  /** Seconds between two steps of the check of the sums of deliveries; 0: it is off. */
  sumCheckInterval: number;
  /** Seconds that a stop may take. */
  drainSeconds: number;
  logLevel: LogLevel;
}

/** @throws ConfigError with every problem */
export function readCoreConfig(env: Environment): Readonly<CoreConfig> {
  const reader = new EnvReader(env);
  const config: CoreConfig = {
    databaseUrl: readDatabaseUrl(reader),
    grpcListen: reader.address('ONEPUSH_GRPC_LISTEN', '127.0.0.1:9090'),
    connectListen: reader.address('ONEPUSH_CONNECT_LISTEN', '127.0.0.1:9091'),
    connectOrigins: reader.origins('ONEPUSH_CONNECT_ORIGINS'),
    opsListen: reader.address('ONEPUSH_OPS_LISTEN', '127.0.0.1:9092'),
    linkToken: reader.requiredSecret('ONEPUSH_LINK_TOKEN'),
    adminToken: reader.secret('ONEPUSH_ADMIN_TOKEN'),
    bootstrapApp: undefined,
    offlineTtl: reader.integer('ONEPUSH_OFFLINE_TTL', 86_400, 1, 2_592_000),
    inboxLimit: reader.integer('ONEPUSH_INBOX_LIMIT', 1000, 1, 1_000_000),
    retentionDays: reader.integer('ONEPUSH_RETENTION_DAYS', 7, 0, 3650),
    sumCheckInterval: reader.integer('ONEPUSH_SUM_CHECK_INTERVAL', 5, 0, 86_400),
    drainSeconds: reader.integer('ONEPUSH_DRAIN_SECONDS', 10, 0, 3600),
    logLevel: reader.oneOf<LogLevel>('ONEPUSH_LOG_LEVEL', 'info', LOG_LEVELS),
  };
  const bootstrap = reader.matching('ONEPUSH_BOOTSTRAP_APP', '', /^$|^[\w.-]{1,64}:[\x21-\x7e]+$/, BOOTSTRAP_RULE);
  const colon = bootstrap.indexOf(':');
  if (colon > 0) config.bootstrapApp = { id: bootstrap.slice(0, colon), key: bootstrap.slice(colon + 1) };
  reader.apart({
    ONEPUSH_GRPC_LISTEN: config.grpcListen,
    ONEPUSH_CONNECT_LISTEN: config.connectListen,
    ONEPUSH_OPS_LISTEN: config.opsListen,
  });
  reader.done();
  return Object.freeze(config);
}
