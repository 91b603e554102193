import { type Static, Type } from '@sinclair/typebox';
import type { WakeMessage } from '../../domain/wake.js';
import type { ChannelKind } from '../channel.js';
import { createSettingsReader } from '../settings.js';
import { describeReceiver, openReceiver, outcomeOfReceiver, RECEIVER_SETTINGS } from '../webhook/receiver.js';
import { webhookId } from '../webhook/signature.js';
import { NOT_A_NUMBER, outcomeOfSmsStatus } from './outcomes.js';
import { countryCode, findE164 } from './phone-number.js';
import { overrideOf, textOf } from './text.js';

const LIMITS = { perSecond: 20, concurrent: 16 };

const schema = Type.Object({ ...RECEIVER_SETTINGS, countryCode });

/** Settings of SMS_WEBHOOK. */
export type SmsWebhookSettings = Static<typeof schema>;

/** Short messages by a webhook of the operator's, who knows a provider. */
export const smsWebhook: ChannelKind<SmsWebhookSettings> = {
  channel: 'SMS_WEBHOOK',
  parseSettings: createSettingsReader(schema),
  describe: describeReceiver,
  scope: () => ({}),
  limits: LIMITS,
  open(settings) {
    const receiver = openReceiver(settings, LIMITS.concurrent);
    return {
      async send(target, message) {
        const number = findE164(target.token, settings.countryCode);
        if (number === undefined) return NOT_A_NUMBER;
        const id = webhookId('sms', message.appId, message.id, number);
        const result = await receiver.post(id, 'sms.send', toData(number, message), message.trace);
        return outcomeOfReceiver(result, outcomeOfSmsStatus);
      },
      probe: async () => ({ kind: 'unsupported' }),
      close: async () => receiver.close(),
    };
  },
};

function toData(number: string, message: WakeMessage): object {
  const { id, appId, expiresAt } = message;
  return {
    text: textOf(message, {}),
    expiresAt: new Date(expiresAt).toISOString(),
    ...overrideOf(message),
    id,
    appId,
    number,
  };
}
