import type { EnvReader } from './env.js';
import { SETTINGS } from './settings.js';

const NAME = 'ONEPUSH_WEBHOOK_HOSTS';
/** A name, a name below which all are meant, or an address without brackets. */
const HOST = /^(?:(?:\*\.)?[a-z\d_](?:[a-z\d_.-]*[a-z\d_])?|[\da-f:.]+)$/;

/** Reads the hosts of webhooks whose addresses may be private. */
export function readWebhookHosts(env: EnvReader): readonly string[] {
  const parts = (env.text(NAME) ?? '').split(',').map((part) => part.trim().toLowerCase());
  const hosts = parts.filter((part) => part !== '');
  if (!hosts.every((host) => HOST.test(host))) env.problem(`${NAME} must be ${SETTINGS[NAME].rule}`);
  return hosts;
}
