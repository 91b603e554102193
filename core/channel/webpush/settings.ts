import { createECDH } from 'node:crypto';
import { FormatRegistry, type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import type { HostRules } from '../../outbound/public-address.js';
import { ChannelSettingsError } from '../channel.js';
import { COMMON_SETTINGS, createSettingsReader } from '../settings.js';

/** The hosts of the browsers' own push services: Chrome and all that is made of it, Firefox, Edge, Safari. */
export const PUSH_SERVICES = [
  'fcm.googleapis.com',
  'jmt17.google.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  '*.push.apple.com',
];

// Apple refuses spaces and angle brackets, and whoever stands for nobody.
FormatRegistry.Set('vapid-subject', (value) => {
  if (/[\s<>]/.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname, pathname } = new URL(value);
  if (protocol === 'mailto:') return /^[^@]+@[^@]+$/.test(pathname) && !pathname.endsWith('@localhost');
  return protocol === 'https:' && hostname !== 'localhost';
});

const { baseUrl: _, ...COMMON } = COMMON_SETTINGS;

const schema = Type.Object({
  publicKey: Type.String(
    ruled('must be the public VAPID key: 87 characters of base64url', { pattern: '^B[A-Za-z0-9_-]{86}$' }),
  ),
  privateKey: Type.String(
    ruled('must be the private VAPID key: 43 characters of base64url', { pattern: '^[A-Za-z0-9_-]{43}$' }),
  ),
  subject: Type.String(
    ruled('must be a mailto: or https: address, by which the push services can reach you', {
      maxLength: 255,
      format: 'vapid-subject',
    }),
  ),
  allowedHosts: Type.Optional(
    Type.Array(
      Type.String(ruled('must be a host, *. and a host, or *', { pattern: '^(\\*|(\\*\\.)?[a-z0-9:][a-z0-9.:-]*)$' })),
      ruled('must be a list of at most 50 hosts', { maxItems: 50 }),
    ),
  ),
  ...COMMON,
});

/** Settings of WEB_PUSH. */
export type WebPushSettings = Static<typeof schema>;

const read = createSettingsReader(schema);

/** Reads settings of WEB_PUSH. */
export function parseWebPushSettings(json: unknown): WebPushSettings {
  const settings = read(json);
  const ecdh = createECDH('prime256v1');
  try {
    ecdh.setPrivateKey(settings.privateKey, 'base64url');
  } catch {
    throw new ChannelSettingsError([{ field: 'privateKey', problem: 'must be a key of the curve P-256' }]);
  }
  if (ecdh.getPublicKey('base64url') !== settings.publicKey) {
    throw new ChannelSettingsError([{ field: 'publicKey', problem: 'must be the public half of privateKey' }]);
  }
  return settings;
}

/** Returns the hosts that endpoints may have: the browsers' services, and what the operator named. */
export function hostRules({ allowedHosts = [] }: WebPushSettings): HostRules {
  return {
    publicHosts: [...PUSH_SERVICES, ...allowedHosts.filter((host) => host === '*')],
    trustedHosts: allowedHosts.filter((host) => host !== '*'),
  };
}
