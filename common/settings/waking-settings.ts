import type { Setting } from './setting.js';

/** Settings of what wakes devices without a session. */
export const WAKING_SETTINGS = {
  ONEPUSH_SECRET_KEY: {
    readBy: 'core',
    type: 'text',
    fallback: undefined,
    rule: 'keys of 32 bytes in base64 or hexadecimal, separated by commas',
    meaning:
      "What [vendors' credentials](operations.md#credentials-of-vendors) are encrypted with in the store; without it there can be none. The first key encrypts, all decrypt.",
  },
  ONEPUSH_VAPID_PUBLIC_KEY: {
    readBy: 'both',
    type: 'text',
    fallback: undefined,
    rule: 'as `make vapid` makes it',
    meaning: 'The public key of [Web Push](operations.md#web-push-for-the-page), for the page.',
  },
  ONEPUSH_VAPID_PRIVATE_KEY: {
    readBy: 'core',
    type: 'text',
    fallback: undefined,
    rule: 'as `make vapid` makes it',
    meaning: 'Its private key: makes it the credential of the app of `ONEPUSH_BOOTSTRAP_APP` for Web Push.',
  },
  ONEPUSH_VAPID_SUBJECT: {
    readBy: 'core',
    type: 'text',
    fallback: undefined,
    rule: '`mailto:<address>` or `https://…`',
    meaning: "Where browsers' vendors reach whoever runs the service. Required with a private key.",
  },
  ONEPUSH_WAKE_AFTER: {
    readBy: 'core',
    type: 'integer',
    fallback: 10,
    unit: 'seconds',
    range: [1, 3600],
    meaning:
      'Time that a message with `needConfirm` may be unconfirmed before an online device is [woken](architecture.md#waking).',
  },
  ONEPUSH_WAKE_GRACE: {
    readBy: 'core',
    type: 'integer',
    fallback: 15,
    unit: 'seconds',
    range: [0, 600],
    meaning:
      'Time that devices have to come back before they are woken, when an edge or a core has stopped; spread over twice as long.',
  },
  ONEPUSH_SMS_AFTER: {
    readBy: 'core',
    type: 'integer',
    fallback: 300,
    unit: 'seconds',
    range: [1, 86_400],
    meaning: 'Time before a user of whom no device has received a push gets its `smsMessage`.',
  },
  ONEPUSH_SMS_PER_NUMBER: {
    readBy: 'core',
    type: 'integer',
    fallback: 10,
    unit: 'short messages',
    range: [0, 10_000],
    meaning: 'Most short messages of an app to one number in 24 hours.',
  },
  ONEPUSH_SMS_PER_APP: {
    readBy: 'core',
    type: 'integer',
    fallback: 1000,
    unit: 'short messages',
    range: [0, 1_000_000],
    meaning: 'Most short messages of an app in an hour.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
