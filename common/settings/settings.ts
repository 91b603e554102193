import { LOG_LEVELS } from '../logs/log.js';
import { ADDRESS_SETTINGS, APP_LIMIT_SETTINGS } from './limit-settings.js';
import type { Setting } from './setting.js';
import { TLS_SETTINGS } from './tls-settings.js';
import { WAKING_SETTINGS } from './waking-settings.js';
import { WEBHOOK_SETTINGS } from './webhook-settings.js';

export type { ReadBy, Setting } from './setting.js';

/**
 * All settings of both processes: environment variables, read once at start. The readers take their defaults and ranges
 * from here, and the tables of the docs are made of it by `make gen`.
 */
export const SETTINGS = {
  ONEPUSH_HTTP_LISTEN: {
    readBy: 'edge',
    type: 'address',
    fallback: '0.0.0.0:8080',
    meaning: "REST, WebSocket, the page, the edge's health.",
  },
  ONEPUSH_HTTP_ORIGINS: {
    readBy: 'edge',
    type: 'origins',
    fallback: undefined,
    rule: '`https://host,…` or `*`',
    meaning:
      'Pages that browsers let [register and unregister](contract.md#pages-of-other-origins) devices, beside the one of the edge itself.',
  },
  ONEPUSH_PAGE: {
    readBy: 'edge',
    type: 'flag',
    fallback: '1',
    meaning: '`0` has no [page](operations.md#the-page) at `/`, and no documents at `/docs/`.',
  },
  ONEPUSH_GRPC_LISTEN: {
    readBy: 'core',
    type: 'address',
    fallback: '127.0.0.1:9090',
    meaning: 'gRPC, for internal services and for edges.',
  },
  ONEPUSH_CONNECT_LISTEN: {
    readBy: 'core',
    type: 'address',
    fallback: '127.0.0.1:9091',
    meaning: "Connect, gRPC-Web, the core's health.",
  },
  ONEPUSH_CONNECT_ORIGINS: {
    readBy: 'core',
    type: 'origins',
    fallback: undefined,
    rule: '`https://host,…`',
    meaning:
      'Pages that browsers let call the Connect port. A page that calls it shows its readers the credentials that it uses.',
  },
  ONEPUSH_OPS_LISTEN: {
    readBy: 'both',
    type: 'address',
    fallback: { core: '127.0.0.1:9092', edge: '127.0.0.1:8081' },
    meaning:
      '[Metrics](operations.md#metrics) and health, not for the public. Leave it unset for `make run`, where one value would be for both.',
  },
  ...TLS_SETTINGS,
  ONEPUSH_CORE_ADDRS: {
    readBy: 'edge',
    type: 'addresses',
    fallback: '127.0.0.1:9090',
    meaning:
      'gRPC address of the core. Of several, one is used at a time, and the next one is tried when it cannot be reached: for a standby, not for two cores at once. `make run` sets it.',
  },
  ONEPUSH_LINK_TOKEN: {
    readBy: 'both',
    type: 'secret',
    fallback: undefined,
    required: true,
    meaning:
      'The secret of the link; the same on both. Whoever has it and reaches `ONEPUSH_GRPC_LISTEN` can be an edge. `make run` makes one up.',
  },
  ONEPUSH_ADMIN_TOKEN: {
    readBy: 'core',
    type: 'secret',
    fallback: undefined,
    meaning: 'The secret for creating and reading apps; without it nobody can. `make run` makes one up.',
  },
  ONEPUSH_BOOTSTRAP_APP: {
    readBy: 'core',
    type: 'text',
    fallback: undefined,
    rule: '`id:key`; the id of 1 to 64 letters, digits, `_`, `.`, `-`',
    meaning:
      'An app that is created at start if there is none with this id; an existing one keeps its key. `make run` takes `testapp1:dkdka`.',
  },
  ONEPUSH_DATABASE_URL: {
    readBy: 'core',
    type: 'text',
    fallback: 'sqlite:./data/onepush.db',
    rule: '`sqlite:<path>` or `mysql://user:password@host:3306/database`',
    meaning:
      'The store. User and password are percent-encoded; [TLS](operations.md#tls-to-the-database) is an option of the URL.',
  },
  ONEPUSH_OFFLINE_TTL: {
    readBy: 'core',
    type: 'integer',
    fallback: 86_400,
    unit: 'seconds',
    range: [1, 2_592_000],
    meaning: 'Time that a message without `needConfirm` waits.',
  },
  ONEPUSH_INBOX_LIMIT: {
    readBy: 'core',
    type: 'integer',
    fallback: 1000,
    unit: 'deliveries',
    range: [1, 1_000_000],
    meaning:
      'Messages to users and devices that may wait for one device, unconfirmed ones included. Beyond it the oldest are evicted.',
  },
  ONEPUSH_RETENTION_DAYS: {
    readBy: 'core',
    type: 'integer',
    fallback: 7,
    unit: 'days',
    range: [0, 3650],
    meaning: 'Time after its expiry that a push is kept with its receipts. Its content goes when it expires.',
  },
  ONEPUSH_DEVICE_RETENTION_DAYS: {
    readBy: 'core',
    type: 'integer',
    fallback: 270,
    unit: 'days',
    range: [31, 3650],
    meaning:
      'Time after which a device [is removed](operations.md#what-is-removed-and-when) that has unregistered, or that neither registered nor had a session.',
  },
  ...APP_LIMIT_SETTINGS,
  ONEPUSH_AUDIT_RETENTION_DAYS: {
    readBy: 'core',
    type: 'integer',
    fallback: 90,
    unit: 'days',
    range: [1, 3650],
    meaning: 'Time that an entry of the [audit log](contract.md#listauditlog) is kept.',
  },
  ...WAKING_SETTINGS,
  ...WEBHOOK_SETTINGS,
  ONEPUSH_SUM_CHECK_INTERVAL: {
    readBy: 'core',
    type: 'integer',
    fallback: 5,
    unit: 'seconds',
    range: [0, 86_400],
    meaning: 'Time between two steps of the [check](operations.md#metrics) that deliveries add up; 0: it is off.',
  },
  ONEPUSH_CONFIRM_INTERVAL: {
    readBy: 'edge',
    type: 'integer',
    fallback: 10_000,
    unit: 'milliseconds',
    range: [10, 300_000],
    meaning:
      'Time after which an unconfirmed message is sent again on an open connection, the first time; then at doubling intervals of up to 5 minutes.',
  },
  ONEPUSH_PING_INTERVAL: {
    readBy: 'edge',
    type: 'integer',
    fallback: 25,
    unit: 'seconds',
    range: [4, 900],
    meaning:
      'Silence after which a WebSocket is pinged, up to 4 seconds late. Keep it below what proxies on the way allow: many close what is silent for 60 seconds.',
  },
  ONEPUSH_DELIVERED: {
    readBy: 'edge',
    type: 'word',
    fallback: 'received',
    words: ['received', 'written'],
    meaning:
      'When a message without `needConfirm` counts as [delivered](contract.md#when-a-delivery-has-ended): when the device has acknowledged it, or when the system has taken its bytes. `written` is for clients that answer no pings; messages on lines that died unnoticed are lost with it.',
  },
  ONEPUSH_PONG_TIMEOUT: {
    readBy: 'edge',
    type: 'integer',
    fallback: 10,
    unit: 'seconds',
    range: [1, 300],
    meaning:
      'Time that a device has to acknowledge messages, and a second more for each 8 KiB of them; then its connection counts as dead and is closed.',
  },
  ONEPUSH_MAX_BODY_BYTES: {
    readBy: 'edge',
    type: 'integer',
    fallback: 65_536,
    unit: 'bytes',
    range: [1024, 4_194_304],
    meaning: 'Size of the largest request body.',
  },
  ONEPUSH_STRICT_JSON: {
    readBy: 'edge',
    type: 'flag',
    fallback: '0',
    meaning:
      '`1` refuses what callers of the old One-Push may write: [values of other types](contract.md#values-of-other-types), nearly right names, content types and paths.',
  },
  ONEPUSH_MAX_SESSIONS: {
    readBy: 'edge',
    type: 'integer',
    fallback: 200_000,
    unit: 'sockets',
    range: [1, 4_000_000],
    meaning:
      'WebSockets of one process; beyond it connections are closed with 4429. Where the limit of open files is too low for so many, there are fewer: see [strangers](operations.md#strangers).',
  },
  ...ADDRESS_SETTINGS,
  ONEPUSH_EDGE_WORKERS: {
    readBy: 'edge',
    type: 'integer',
    fallback: 1,
    unit: 'processes',
    range: [1, 64],
    meaning: 'Processes that share `ONEPUSH_HTTP_LISTEN`; see [workers](operations.md#workers).',
  },
  ONEPUSH_CONSOLE: {
    readBy: 'core',
    type: 'flag',
    fallback: '1',
    meaning: "`0` turns the [operators' page](console.md) off, which `ONEPUSH_CONNECT_LISTEN` serves at `/console/`.",
  },
  ONEPUSH_DRAIN_SECONDS: {
    readBy: 'both',
    type: 'integer',
    fallback: 10,
    unit: 'seconds',
    range: [0, 3600],
    meaning: 'Time that a stop waits for what is under way.',
  },
  ONEPUSH_LOG_LEVEL: {
    readBy: 'both',
    type: 'word',
    fallback: 'info',
    words: LOG_LEVELS,
    meaning: 'The least important lines of the log.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Names of the settings of these types. */
export type NameOfType<T extends Setting['type']> = {
  [N in SettingName]: (typeof SETTINGS)[N]['type'] extends T ? N : never;
}[SettingName];
