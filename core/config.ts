import type { BlockList } from 'node:net';
import type { ForwardedHeader } from '../common/http/client-address.js';
import type { AppLimitValues } from '../common/limits/names.js';
import type { LogLevel } from '../common/logs/log.js';
import type { Address, Environment } from '../common/settings/env.js';
import { createSettingsReader } from '../common/settings/reader.js';
import { readSecretKeys } from '../common/settings/secret-keys.js';
import { readVapid, type Vapid } from '../common/settings/vapid.js';
import { readWebhookHosts } from '../common/settings/webhook-hosts.js';
import type { ServerFiles, TlsFiles } from '../common/tls/material.js';
import { findPlaintext, portExposures } from '../common/tls/plaintext.js';
import { readPortFiles } from '../common/tls/settings.js';
import { readTracing, type TracingConfig } from '../common/tracing/settings.js';
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
  /** Proxies whose word is taken for the address of who calls the Connect port, and the header that they give it in. */
  proxies: { trusted: BlockList; header: ForwardedHeader };
  /** The token that edges must show. */
  linkToken: string;
  /** The token that creates and reads apps; undefined: nobody does. */
  adminToken: string | undefined;
  /** Created at start if it is absent. */
  bootstrapApp: { id: string; key: string } | undefined;
  /** Keys for what is encrypted in the store: the first one encrypts, all decrypt; none: nothing can be. */
  secretKeys: readonly Uint8Array[];
  /** The bootstrap app's credential for Web Push; undefined: the environment has none. */
  vapid: Vapid | undefined;
  /** Hosts of webhooks whose addresses may be private. */
  webhookHosts: readonly string[];
  /** Seconds that a message without needConfirm waits. */
  offlineTtl: number;
  /** Maximum number of deliveries that wait for one device: beyond it the oldest are evicted. */
  inboxLimit: number;
  /** Limits of apps that have none of their own; 0: none. */
  appLimits: AppLimitValues;
  /** Days that a push and its receipts are kept after its expiry. */
  retentionDays: number;
  /** Days after which a device that was not seen is removed. */
  deviceRetentionDays: number;
  /** Days that an entry of the audit log is kept. */
  auditRetentionDays: number;
  /** Seconds between two steps of the check of the sums of deliveries; 0: it is off. */
  sumCheckInterval: number;
  /** Times of waking, in milliseconds. */
  wakeTimes: { unconfirmedMs: number; graceMs: number; smsMs: number };
  /** Most short messages to one number in a day, and of one app in an hour. */
  smsLimits: { numberDaily: number; appHourly: number };
  /** The certificate of all ports; undefined: they are plain text. */
  tls: ServerFiles | undefined;
  /** CAs of edges, which must show a certificate of theirs; undefined: they need none. */
  edgeCa: TlsFiles | undefined;
  /** Settings of what is plain text beyond this machine, and allowed to be. */
  plaintext: readonly string[];
  /** True: the Connect port has the operators' page. */
  console: boolean;
  /** Seconds that a stop may take. */
  drainSeconds: number;
  logLevel: LogLevel;
  /** Undefined: traces are off. */
  tracing: TracingConfig | undefined;
}

/** @throws ConfigError with every problem */
export function readCoreConfig(env: Environment): Readonly<CoreConfig> {
  const reader = createSettingsReader(env, 'core');
  const config: CoreConfig = {
    databaseUrl: readDatabaseUrl(reader.env),
    grpcListen: reader.address('ONEPUSH_GRPC_LISTEN'),
    connectListen: reader.address('ONEPUSH_CONNECT_LISTEN'),
    connectOrigins: reader.origins('ONEPUSH_CONNECT_ORIGINS'),
    opsListen: reader.address('ONEPUSH_OPS_LISTEN'),
    linkToken: reader.secret('ONEPUSH_LINK_TOKEN') ?? '',
    adminToken: reader.secret('ONEPUSH_ADMIN_TOKEN'),
    bootstrapApp: undefined,
    secretKeys: readSecretKeys(reader.env),
    vapid: readVapid(reader.env),
    webhookHosts: readWebhookHosts(reader.env),
    offlineTtl: reader.integer('ONEPUSH_OFFLINE_TTL'),
    inboxLimit: reader.integer('ONEPUSH_INBOX_LIMIT'),
    appLimits: {
      registrations: reader.integer('ONEPUSH_APP_REGISTRATIONS_PER_SECOND'),
      sends: reader.integer('ONEPUSH_APP_SENDS_PER_SECOND'),
      deliveries: reader.integer('ONEPUSH_APP_DELIVERIES_PER_SECOND'),
      devices: reader.integer('ONEPUSH_APP_DEVICES'),
      tags: reader.integer('ONEPUSH_APP_TAGS'),
      openJobs: reader.integer('ONEPUSH_APP_OPEN_JOBS'),
      sendStreams: reader.integer('ONEPUSH_APP_SEND_STREAMS'),
      receiptStreams: reader.integer('ONEPUSH_APP_RECEIPT_STREAMS'),
    },
    retentionDays: reader.integer('ONEPUSH_RETENTION_DAYS'),
    auditRetentionDays: reader.integer('ONEPUSH_AUDIT_RETENTION_DAYS'),
    deviceRetentionDays: reader.integer('ONEPUSH_DEVICE_RETENTION_DAYS'),
    sumCheckInterval: reader.integer('ONEPUSH_SUM_CHECK_INTERVAL'),
    wakeTimes: {
      unconfirmedMs: reader.integer('ONEPUSH_WAKE_AFTER') * 1000,
      graceMs: reader.integer('ONEPUSH_WAKE_GRACE') * 1000,
      smsMs: reader.integer('ONEPUSH_SMS_AFTER') * 1000,
    },
    smsLimits: {
      numberDaily: reader.integer('ONEPUSH_SMS_PER_NUMBER'),
      appHourly: reader.integer('ONEPUSH_SMS_PER_APP'),
    },
    tls: readPortFiles(reader),
    edgeCa: undefined,
    plaintext: [],
    console: reader.flag('ONEPUSH_CONSOLE'),
    proxies: { trusted: reader.networks('ONEPUSH_TRUSTED_PROXIES'), header: reader.forwardedHeader() },
    drainSeconds: reader.integer('ONEPUSH_DRAIN_SECONDS'),
    logLevel: reader.logLevel(),
    tracing: readTracing(reader.env, 'core'),
  };
  const bootstrap = reader.env.matching('ONEPUSH_BOOTSTRAP_APP', '', /^$|^[\w.-]{1,64}:[\x21-\x7e]+$/, BOOTSTRAP_RULE);
  const colon = bootstrap.indexOf(':');
  if (colon > 0) config.bootstrapApp = { id: bootstrap.slice(0, colon), key: bootstrap.slice(colon + 1) };
  const ca = reader.file('ONEPUSH_LINK_TLS_CA');
  if (ca !== undefined) {
    config.edgeCa = { ca };
    if (config.tls === undefined) reader.env.problem('ONEPUSH_LINK_TLS_CA needs ONEPUSH_TLS_CERT');
  }
  config.plaintext = findPlaintext(
    reader,
    portExposures(config.tls, {
      ONEPUSH_GRPC_LISTEN: config.grpcListen,
      ONEPUSH_CONNECT_LISTEN: config.connectListen,
      ONEPUSH_OPS_LISTEN: config.opsListen,
    }),
  );
  reader.env.apart({
    ONEPUSH_GRPC_LISTEN: config.grpcListen,
    ONEPUSH_CONNECT_LISTEN: config.connectListen,
    ONEPUSH_OPS_LISTEN: config.opsListen,
  });
  reader.env.done();
  return Object.freeze(config);
}
