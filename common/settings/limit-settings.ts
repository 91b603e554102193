import type { Setting } from './setting.js';

/** Settings of limits by address, and of whose word is taken for an address. */
export const ADDRESS_SETTINGS = {
  ONEPUSH_TRUSTED_PROXIES: {
    readBy: 'both',
    type: 'networks',
    fallback: undefined,
    rule: '`10.0.0.0/8,fd00::/8,…`',
    meaning:
      'Proxies whose word is taken for [the address of a client](operations.md#addresses-of-clients): addresses or networks. Without them a client is who connects.',
  },
  ONEPUSH_FORWARDED_HEADER: {
    readBy: 'both',
    type: 'word',
    fallback: 'x-forwarded-for',
    words: ['x-forwarded-for', 'forwarded'],
    meaning: 'The header in which these proxies name the client. The other one is not looked at.',
  },
  ONEPUSH_ADDRESS_REGISTRATIONS_PER_SECOND: {
    readBy: 'edge',
    type: 'integer',
    fallback: 20,
    unit: 'registrations a second',
    range: [0, 1_000_000],
    meaning:
      '[Registrations](operations.md#limits) of one address, ten times as many after a pause; 0: no limit. The machine itself has none, nor has a trusted proxy that names no client.',
  },
  ONEPUSH_ADDRESS_UNKNOWN_IDS_PER_SECOND: {
    readBy: 'edge',
    type: 'integer',
    fallback: 5,
    unit: 'connections a second',
    range: [0, 1_000_000],
    meaning:
      'Connections of one address whose device ids nobody has, ten times as many after a pause; beyond it all new ones of that address are answered 429. 0: no limit.',
  },
  ONEPUSH_ADDRESS_SESSIONS: {
    readBy: 'edge',
    type: 'integer',
    fallback: 0,
    unit: 'sockets',
    range: [0, 4_000_000],
    meaning:
      'WebSockets of one address; beyond it they are closed with 4429. 0: no limit, since a mobile network has many phones behind one address.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** Settings of limits of apps, for those that have none of their own. */
export const APP_LIMIT_SETTINGS = {
  ONEPUSH_APP_REGISTRATIONS_PER_SECOND: {
    readBy: 'core',
    type: 'integer',
    fallback: 0,
    unit: 'registrations a second',
    range: [0, 1_000_000],
    meaning: 'Registrations of one [app](operations.md#limits), ten times as many after a pause. 0: no limit.',
  },
  ONEPUSH_APP_SENDS_PER_SECOND: {
    readBy: 'core',
    type: 'integer',
    fallback: 0,
    unit: 'pushes a second',
    range: [0, 1_000_000],
    meaning: 'Pushes of one app, ten times as many after a pause. 0: no limit.',
  },
  ONEPUSH_APP_DELIVERIES_PER_SECOND: {
    readBy: 'core',
    type: 'integer',
    fallback: 0,
    unit: 'deliveries a second',
    range: [0, 100_000_000],
    meaning:
      'Devices that the pushes of one app go to, ten times as many after a pause; a push to everyone or to tags counts as one. 0: no limit.',
  },
  ONEPUSH_APP_DEVICES: {
    readBy: 'core',
    type: 'integer',
    fallback: 0,
    unit: 'devices',
    range: [0, 1_000_000_000],
    meaning: 'Registered devices of one app. 0: no limit.',
  },
  ONEPUSH_APP_TAGS: {
    readBy: 'core',
    type: 'integer',
    fallback: 100_000,
    unit: 'tags',
    range: [0, 10_000_000],
    meaning: 'Tags that the devices of one app have ever had: each has its timeline for ever. 0: no limit.',
  },
  ONEPUSH_APP_OPEN_JOBS: {
    readBy: 'core',
    type: 'integer',
    fallback: 10_000,
    unit: 'pushes',
    range: [0, 10_000_000],
    meaning: 'Pushes of one app that are to be made later, or are being made in parts. 0: no limit.',
  },
  ONEPUSH_APP_SEND_STREAMS: {
    readBy: 'core',
    type: 'integer',
    fallback: 1000,
    unit: 'streams',
    range: [0, 100_000],
    meaning: 'Open `SendPushStream` calls of one app. 0: no limit.',
  },
  ONEPUSH_APP_RECEIPT_STREAMS: {
    readBy: 'core',
    type: 'integer',
    fallback: 100,
    unit: 'streams',
    range: [0, 100_000],
    meaning: 'Open `WatchReceipts` calls of one app. 0: no limit.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
