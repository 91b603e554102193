import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import { cutText, utf16Units } from '../cut-text.js';
import { isRecord } from '../http-outcome.js';
import { idsOf, isWebAddress, type JsonObject, mergeOver, notifyIdOf, ttlSeconds, visibleOf } from '../payload.js';
import type { OppoSettings } from './settings.js';

/** Characters of a title, and of a text in the standard style. */
const MAX_TEXT = 50;
/** Seconds: ten days. */
const MAX_TTL = 864_000;
const MAX_ADDRESS = 2000;

/** Makes the `message` of `unicast`: one device, and its notification. */
export function oppoMessage(settings: OppoSettings, { token }: WakeTarget, message: WakeMessage): JsonObject {
  const visible = visibleOf(message, settings);
  const notification = mergeOver(
    {
      style: 1,
      title: cutText(visible.title, MAX_TEXT, utf16Units),
      content: cutText(visible.body, MAX_TEXT, utf16Units),
      ...clickOf(visible.clickTarget),
      off_line: true,
      off_line_ttl: ttlSeconds(message, MAX_TTL),
      channel_id: message.androidChannel ?? settings.channelId,
      category: settings.category,
      notify_id: notifyIdOf(message.key),
    },
    visible.override,
  );
  const parameters = isRecord(notification.action_parameters) ? notification.action_parameters : {};
  return {
    target_type: 2,
    target_value: token,
    // The phone drops what was sent to a registration that is no longer its own.
    verify_registration_id: true,
    notification: {
      ...notification,
      // By the message, not by its key: OPPO drops a second one with the same id, and a newer message must come.
      app_message_id: message.id,
      action_parameters: JSON.stringify({ ...parameters, ...idsOf(message) }),
    },
  };
}

function clickOf(target: string | undefined): JsonObject {
  if (target === undefined || target.length > MAX_ADDRESS) return { click_action_type: 0 };
  return { click_action_type: isWebAddress(target) ? 2 : 5, click_action_url: target };
}
