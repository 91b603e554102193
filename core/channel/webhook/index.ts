import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import type { ChannelKind } from '../channel.js';
import { outcomeOfStatus } from '../http-outcome.js';
import {
  describeReceiver,
  openReceiver,
  outcomeOfReceiver,
  parseReceiverSettings,
  type ReceiverSettings,
} from './receiver.js';
import { webhookId } from './signature.js';

const LIMITS = { perSecond: 100, concurrent: 32 };

/** A webhook of the operator's, who wakes the device in a way of his own. */
export const webhook: ChannelKind<ReceiverSettings> = {
  channel: 'WEBHOOK',
  parseSettings: parseReceiverSettings,
  describe: describeReceiver,
  scope: () => ({}),
  limits: LIMITS,
  open(settings) {
    const receiver = openReceiver(settings, LIMITS.concurrent);
    return {
      async send(target, message) {
        const id = webhookId('wake', message.appId, message.id, target.token);
        const result = await receiver.post(id, 'device.wake', toData(target, message), message.trace);
        return outcomeOfReceiver(result, outcomeOfStatus);
      },
      // An event that is no wake would have to be known to every receiver.
      probe: async () => ({ kind: 'unsupported' }),
      close: async () => receiver.close(),
    };
  },
};

/** Returns the event's data. Nothing is cut: how long a text may be is known to the receiver alone. */
function toData({ token, environment, bundle }: WakeTarget, message: WakeMessage): object {
  const { id, appId, kind, key, priority, badge, sound, body } = message;
  const common = { kind, key, priority, badge, sound, environment, bundle };
  const { override, title, image, clickTarget, androidChannel, category, thread, interruption } = message;
  // Where the app keeps its content to itself there is no body, and then nothing else that a caller wrote.
  const content = { title, body, image, clickTarget, androidChannel, category, thread, interruption, ...override };
  const expiresAt = new Date(message.expiresAt).toISOString();
  return { ...common, expiresAt, ...(body !== undefined && content), id, appId, token };
}
