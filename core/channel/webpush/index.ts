import { rootCertificates } from 'node:tls';
import webPush from 'web-push';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { createHttpsClient } from '../../outbound/https-client.js';
import { createAddressGuard } from '../../outbound/public-address.js';
import type { Channel, ChannelKind } from '../channel.js';
import { createAnswerReader } from './errors.js';
import { toHeaders, toPayload } from './payload.js';
import { hostRules, parseWebPushSettings, type WebPushSettings } from './settings.js';
import { createVapidSigner } from './vapid.js';

const LIMITS = { perSecond: 300, concurrent: 64 };

/**
 * Web Push: RFC 8030 with the encryption of RFC 8291 and the identification of RFC 8292. Browsers show something for
 * every message, so BACKGROUND is no different from ALERT.
 */
export const webPushKind: ChannelKind<WebPushSettings> = {
  channel: 'WEB_PUSH',
  parseSettings: parseWebPushSettings,
  describe: ({ publicKey, subject }) => ({ publicKey, subject }),
  scope: () => ({}),
  limits: LIMITS,
  partOf: ({ token }) => (URL.canParse(token) ? new URL(token).host : ''),
  open: openWebPush,
};

function openWebPush(settings: WebPushSettings): Channel {
  const guard = createAddressGuard(hostRules(settings));
  const authorizationFor = createVapidSigner(settings);
  const answers = createAnswerReader();
  const client = createHttpsClient({
    // Beside the well-known ones: endpoints are of many services.
    ca: settings.ca && [...rootCertificates, settings.ca].join('\n'),
    maxSockets: settings.concurrent ?? LIMITS.concurrent,
    lookup: guard.lookup,
  });

  async function send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome> {
    const url = URL.canParse(target.token) ? new URL(target.token) : undefined;
    if (url === undefined || !guard.allows(url)) {
      return { kind: 'token_set_aside', reason: 'endpoint_not_allowed', unasked: true };
    }
    const payload = toPayload(message);
    if (payload === undefined) return { kind: 'payload_bad', reason: 'override_too_large', unasked: true };
    const body = findEncrypted(target.keys, payload);
    if (body === undefined) return { kind: 'token_set_aside', reason: 'bad_keys', unasked: true };
    const result = await client.request({
      url,
      headers: {
        ...toHeaders(message),
        authorization: authorizationFor(url.origin),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
      },
      body,
    });
    return answers.outcomeOf(target.token, result);
  }

  return {
    send,
    // A service says something about a key only for a subscription that was made with it.
    probe: async () => ({ kind: 'unsupported' }),
    close: async () => client.close(),
  };
}

/** Returns undefined if there are no keys, or none that can be used: they come from clients. */
function findEncrypted(keys: WakeTarget['keys'], payload: string): Buffer | undefined {
  if (keys === undefined) return undefined;
  try {
    return webPush.encrypt(keys.p256dh, keys.auth, payload, 'aes128gcm').cipherText;
  } catch {
    return undefined;
  }
}
