import type { Setting } from './setting.js';

/** Settings of limits by address, and of whose word is taken for an address. */
export const ADDRESS_SETTINGS = {
  ONEPUSH_TRUSTED_PROXIES: {
    readBy: 'edge',
    type: 'networks',
    fallback: undefined,
    rule: '`10.0.0.0/8,fd00::/8,…`',
    meaning:
      'Proxies whose word is taken for [the address of a client](operations.md#addresses-of-clients): addresses or networks. Without them a client is who connects.',
  },
  ONEPUSH_FORWARDED_HEADER: {
    readBy: 'edge',
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
