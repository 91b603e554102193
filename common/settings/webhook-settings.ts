import type { Setting } from './setting.js';

/** Settings of what tells back ends of receipts. */
export const WEBHOOK_SETTINGS = {
  ONEPUSH_WEBHOOK_HOSTS: {
    readBy: 'core',
    type: 'text',
    fallback: undefined,
    rule: '`hooks.internal,*.corp.example,10.1.2.3,…`',
    meaning: 'Hosts of [webhooks](contract.md#webhooks) whose addresses may be private; others must be public.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
