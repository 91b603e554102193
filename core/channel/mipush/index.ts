import type { WakeOutcome } from '../../domain/wake.js';
import { createHttpsClient } from '../../outbound/https-client.js';
import { type Channel, type ChannelKind, SEND_TIMEOUT_MS } from '../channel.js';
import { formOf } from '../form.js';
import { outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf } from '../settings.js';
import { outcomeOfMiPush } from './errors.js';
import { miPushForm } from './payload.js';
import { type MiPushSettings, readMiPushSettings } from './settings.js';

const ADDRESSES = {
  CN: 'https://api.xmpush.xiaomi.com',
  GLOBAL: 'https://sgp-api.xmpush.global.xiaomi.com',
  EUROPE: 'https://fr-api.xmpush.global.xiaomi.com',
  INDIA: 'https://idmb-api.xmpush.global.xiaomi.com',
  RUSSIA: 'https://ru-api.xmpush.global.xiaomi.com',
};
const LIMITS = { perSecond: 200, concurrent: 50 };
/** A registration that no device has. */
const NOBODY = 'onepush-probe';

/** Xiaomi's MiPush. Its answers name no dead tokens. */
export const miPush: ChannelKind<MiPushSettings> = {
  channel: 'MIPUSH',
  parseSettings: readMiPushSettings,
  describe: ({ package: bundle, region = 'CN' }) => ({ package: bundle, region }),
  scope: ({ package: bundle }) => ({ bundle }),
  limits: LIMITS,
  open: openMiPush,
};

function openMiPush(settings: MiPushSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const url = addressOf(settings, ADDRESSES[settings.region ?? 'CN'], '/v3/message/regid');

  async function post(fields: Record<string, string>): Promise<WakeOutcome> {
    const { headers, body } = formOf(fields);
    const result = await client.request({
      url,
      headers: { ...headers, authorization: `key=${settings.appSecret}` },
      body,
      deadline: performance.now() + SEND_TIMEOUT_MS,
    });
    return result.kind === 'answered' ? outcomeOfMiPush(result) : outcomeOfFailure(result);
  }

  return {
    send: (target, message) => post(miPushForm(settings, target, message)),
    // A message for nobody: whatever MiPush says of it, it has taken the secret before.
    async probe() {
      const outcome = await post({
        registration_id: NOBODY,
        restricted_package_name: settings.package,
        pass_through: '1',
        payload: NOBODY,
        time_to_live: '1000',
      });
      const isTaken = outcome.kind === 'payload_bad' || outcome.kind === 'token_set_aside';
      return isTaken && !outcome.reason.startsWith('http_') ? { kind: 'ok' } : probeOfOutcome(outcome);
    },
    async close() {
      client.close();
    },
  };
}
