import type { EnvReader } from './env.js';
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

const NAME = 'ONEPUSH_WEBHOOK_HOSTS';
/** A name, a name below which all are meant, or an address without brackets. */
const HOST = /^(?:(?:\*\.)?[a-z\d_](?:[a-z\d_.-]*[a-z\d_])?|[\da-f:.]+)$/;

/** Reads the hosts of webhooks whose addresses may be private. */
export function readWebhookHosts(env: EnvReader): readonly string[] {
  const parts = (env.text(NAME) ?? '').split(',').map((part) => part.trim().toLowerCase());
  const hosts = parts.filter((part) => part !== '');
  if (!hosts.every((host) => HOST.test(host))) env.problem(`${NAME} must be ${WEBHOOK_SETTINGS[NAME].rule}`);
  return hosts;
}
