import type { EnvReader } from './env.js';

/** The keys by which browsers know who pushes to them (RFC 8292). */
export interface Vapid {
  /** For the page, in base64url. */
  readonly publicKey: string;
  /** For the core alone, in base64url. */
  readonly privateKey: string;
  /** Address of whoever runs the service, for the browsers' vendors: `mailto:` or `https:`. */
  readonly subject: string;
}

/** A point of P-256, 65 bytes of which the first is 4. */
const PUBLIC_KEY = /^$|^B[\w-]{86}$/;
const PRIVATE_KEY = /^$|^[\w-]{43}$/;
const SUBJECT = /^$|^(?:mailto:[^\s<>@]+@[^\s<>@]+|https:\/\/[^\s<>]+)$/;

/** Reads the public key; undefined: there is none. */
export function readVapidPublicKey(env: EnvReader): string | undefined {
  const key = env.matching('ONEPUSH_VAPID_PUBLIC_KEY', '', PUBLIC_KEY, 'a public key as `make vapid` makes it');
  return key === '' ? undefined : key;
}

/** Reads all three; undefined: the private key is absent. */
export function readVapid(env: EnvReader): Vapid | undefined {
  const publicKey = readVapidPublicKey(env);
  const privateKey = env.matching(
    'ONEPUSH_VAPID_PRIVATE_KEY',
    '',
    PRIVATE_KEY,
    'a private key as `make vapid` makes it',
  );
  const subject = env.matching('ONEPUSH_VAPID_SUBJECT', '', SUBJECT, 'mailto:<address> or an https address');
  if (privateKey === '') return undefined;
  for (const name of ['ONEPUSH_VAPID_PUBLIC_KEY', 'ONEPUSH_VAPID_SUBJECT']) {
    if (env.text(name) === undefined) env.problem(`${name} is required with ONEPUSH_VAPID_PRIVATE_KEY`);
  }
  return { publicKey: publicKey ?? '', privateKey, subject };
}
