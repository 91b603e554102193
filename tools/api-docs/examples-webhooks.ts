import { type CurlExample, TIME } from './example.js';

const WEBHOOK = {
  id: 'whk_3f1c9b2e7a5d4806b1c2d3e4',
  name: 'orders',
  url: 'https://orders.example.com/onepush',
  events: ['WEBHOOK_EVENT_RECEIPTS', 'WEBHOOK_EVENT_WAKES'],
  maxEvents: 100,
  state: 'WEBHOOK_STATE_ACTIVE',
  createdAt: TIME,
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const THIS = { appId: '$APP', id: '$WEBHOOK' };

/** Examples of webhooks, by method. */
export const WEBHOOK_EXAMPLES: Record<string, CurlExample> = {
  CreateWebhook: {
    as: 'admin',
    request: { appId: '$APP', name: 'orders', url: 'https://orders.example.com/onepush' },
    answer: { webhook: WEBHOOK, secret: SECRET },
  },
  ListWebhooks: { as: 'admin', request: { appId: '$APP' }, answer: { webhooks: [WEBHOOK] } },
  UpdateWebhook: {
    as: 'admin',
    request: { ...THIS, enabled: false },
    answer: {
      webhook: { ...WEBHOOK, state: 'WEBHOOK_STATE_DISABLED', reason: 'disabled_by_caller', disabledAt: TIME },
    },
  },
  RotateWebhookSecret: {
    as: 'admin',
    request: THIS,
    answer: { secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', oldSecretUntil: TIME },
  },
  TestWebhook: { as: 'admin', request: THIS, answer: { reason: 'ECONNREFUSED', milliseconds: 12 } },
  ListDeadLetters: {
    as: 'admin',
    request: { appId: '$APP', webhookId: '$WEBHOOK', pageSize: 1 },
    answer: {},
  },
  ReplayWebhook: { as: 'admin', request: { ...THIS, deadLetters: {} }, answer: {} },
  DeleteWebhook: { as: 'admin', request: THIS, answer: {} },
};
