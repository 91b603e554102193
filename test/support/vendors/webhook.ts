import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { smsWebhook } from '../../../core/channel/sms/webhook.js';
import { webhook } from '../../../core/channel/webhook/index.js';
import { type ChannelFixture, type RunningVendor, readJson } from './fixture.js';
import { startVendorServer, type VendorAnswer } from './server.js';

/** The secret that the receiver and the channel know. */
export const WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** A device that the receiver knows, with characters that JSON escapes. */
export const WEBHOOK_DEVICE = 'device "7"\\é';
/** A phone number that the receiver sends to. */
export const WEBHOOK_NUMBER = '+8613800138000';

/** Starts an operator's receiver, which verifies signatures with `standardwebhooks` and drops repeated ids. */
export async function startReceiver(): Promise<RunningVendor> {
  const sent: RunningVendor['sent'] = [];
  const ids = new Set<string>();
  const server = await startVendorServer({
    handle({ path, method, headers, body }): VendorAnswer {
      if (path !== '/hooks/onepush' || method !== 'POST') return { status: 404 };
      try {
        new Webhook(WEBHOOK_SECRET).verify(body, headers);
      } catch (error) {
        if (!(error instanceof WebhookVerificationError)) throw error;
        return { status: 401, body: { error: 'signature' } };
      }
      const { type, timestamp, data } = readJson({ body }) ?? {};
      if (typeof type !== 'string' || Number.isNaN(Date.parse(String(timestamp)))) return { status: 400 };
      const event = readJson({ body: Buffer.from(JSON.stringify(data ?? null)) }) ?? {};
      const token = String(event.token ?? event.number);
      if (token !== WEBHOOK_DEVICE && token !== WEBHOOK_NUMBER) return { status: 410, body: {} };
      const webhookId = headers['webhook-id'] ?? '';
      if (ids.has(webhookId)) return { status: 200, body: { repeated: true } };
      ids.add(webhookId);
      const ttl = Math.round((Date.parse(String(event.expiresAt)) - Date.now()) / 1000);
      const { id, key, title, badge, kind } = event;
      const text = event.body ?? event.text;
      sent.push({ token, id, key, title, body: text, badge, ttl, kind: kind === 'BACKGROUND' ? kind : 'ALERT' });
      return { status: 202, body: { taken: true } };
    },
  });
  const url = `${server.url}/hooks/onepush?tenant=7`;
  return { server, settings: { url, secret: WEBHOOK_SECRET, allowPrivate: true, ca: server.ca }, sent };
}

const COMMON = {
  start: startReceiver,
  wrongCredential: { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  secrets: [WEBHOOK_SECRET, 'tenant=7'],
  override: { json: { ticket: 'from-the-override' }, shows: 'from-the-override' },
  hasLimit: false,
  isStatusEnough: true,
  dead: { status: 410 },
  probe: 'unsupported',
} as const;

/** A webhook for devices, with a receiver that verifies the signature. */
export const webhookFixture: ChannelFixture = {
  ...COMMON,
  name: 'a webhook',
  kind: webhook,
  target: { token: WEBHOOK_DEVICE },
  removesId: { id: null, token: WEBHOOK_NUMBER },
  hasBadges: true,
  hasBackground: true,
};

/** A webhook for short messages, with the same receiver. */
export const smsWebhookFixture: ChannelFixture = {
  ...COMMON,
  name: 'a webhook for short messages',
  kind: smsWebhook,
  target: { token: WEBHOOK_NUMBER },
  removesId: { id: null, number: WEBHOOK_DEVICE },
  hasBadges: false,
  hasBackground: 'as_alert',
  hasKey: false,
  isOnce: true,
};
