import type { Setting } from './setting.js';

/** The settings of what is encrypted, and of what need not be. */
export const TLS_SETTINGS = {
  ONEPUSH_TLS_CERT: {
    readBy: 'both',
    type: 'file',
    fallback: undefined,
    meaning:
      'The certificate, and those between it and its CA. With it all ports of the process speak [TLS](operations.md#tls), and nothing else. Read again when it changes.',
  },
  ONEPUSH_TLS_KEY: {
    readBy: 'both',
    type: 'file',
    fallback: undefined,
    meaning: 'Its key, without a passphrase.',
  },
  ONEPUSH_LINK_TLS_CA: {
    readBy: 'both',
    type: 'file',
    fallback: undefined,
    meaning:
      'CAs of the [link](operations.md#tls-on-the-link). For the core: an edge must have a certificate of theirs, beside the link token. For the edge: the link speaks TLS, and the core must have a certificate of theirs with the name that `ONEPUSH_CORE_ADDRS` has.',
  },
  ONEPUSH_LINK_TLS_CERT: {
    readBy: 'edge',
    type: 'file',
    fallback: undefined,
    meaning: 'The certificate that the edge shows to the core.',
  },
  ONEPUSH_LINK_TLS_KEY: {
    readBy: 'edge',
    type: 'file',
    fallback: undefined,
    meaning: 'Its key, without a passphrase.',
  },
  ONEPUSH_HTTP_REDIRECT_LISTEN: {
    readBy: 'edge',
    type: 'address',
    fallback: undefined,
    meaning:
      'Plain HTTP, where readers are [sent on](operations.md#plain-http-beside-tls) to https and everything else is refused. Only with `ONEPUSH_TLS_CERT`.',
  },
  ONEPUSH_HTTP_REDIRECT_PORT: {
    readBy: 'edge',
    type: 'integer',
    fallback: 443,
    unit: '',
    range: [1, 65_535],
    meaning: 'The port of https that they are sent to, as clients see it.',
  },
  ONEPUSH_HSTS_SECONDS: {
    readBy: 'edge',
    type: 'integer',
    fallback: 0,
    unit: 'seconds',
    range: [0, 63_072_000],
    meaning:
      'Time for which browsers shall ask for this host by https only (`Strict-Transport-Security`); 0: nothing is said. Only with `ONEPUSH_TLS_CERT`.',
  },
  ONEPUSH_ALLOW_PLAINTEXT: {
    readBy: 'both',
    type: 'flag',
    fallback: '0',
    meaning:
      '`1` lets ports that other machines reach, and the link to one, be [plain text](operations.md#plain-text): behind a proxy that terminates TLS, or in a private network. Without it a process does not start so.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
