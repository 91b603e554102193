import type { WakeMessage } from '../../domain/wake.js';
import { fitTexts, type Texts, textsOf } from '../fit-texts.js';
import { isRecord } from '../http-outcome.js';
import { hashOfKey, idsOf, type JsonObject, mergeOver, ttlSeconds, visibleOf } from '../payload.js';
import type { FcmSettings } from './settings.js';

/** Bytes of a message; FCM counts the notification and the data, and here all but the token counts. */
const MAX_BYTES = 4096;
/** Seconds for which FCM keeps a message: 28 days. */
const MAX_TTL = 2_419_200;

/** Makes a message for one token; undefined: the override makes it too large. */
export function fcmMessage(settings: FcmSettings, token: string, message: WakeMessage): JsonObject | undefined {
  const json = message.kind === 'ALERT' ? alertJson(settings, message) : backgroundJson(message);
  return json === undefined ? undefined : { ...JSON.parse(json), token };
}

function alertJson(settings: FcmSettings, message: WakeMessage): string | undefined {
  const { image, clickTarget, override } = visibleOf(message, settings);
  // Texts are cut; addresses cannot be, so where they leave no room for a text the picture goes first.
  for (const extras of [{ image, clickTarget }, { clickTarget }, {}]) {
    const build = (texts: Texts): JsonObject => complete(message, alertOf(message, texts, extras), override);
    const json = fitTexts(build, textsOf(message, settings), MAX_BYTES);
    if (json !== undefined) return json;
  }
  return undefined;
}

function backgroundJson(message: WakeMessage): string | undefined {
  const android = { priority: message.priority === 'HIGH' ? 'HIGH' : 'NORMAL', ttl: ttlOf(message) };
  const override = message.body === undefined ? undefined : message.override;
  const json = JSON.stringify(complete(message, { android }, override));
  return Buffer.byteLength(json) <= MAX_BYTES ? json : undefined;
}

function alertOf(
  message: WakeMessage,
  texts: Texts,
  { image, clickTarget }: { image?: string | undefined; clickTarget?: string | undefined },
): JsonObject {
  const { key, body, sound, badge, androidChannel, priority } = message;
  return {
    notification: { ...texts, image },
    // FCM takes only texts here.
    data: { clickTarget, badge: badge === undefined ? undefined : String(badge) },
    android: {
      priority: priority === 'LOW' ? 'NORMAL' : 'HIGH',
      ttl: ttlOf(message),
      notification: {
        tag: body === undefined ? hashOfKey(key) : key,
        channel_id: androidChannel,
        // The name of an action; an address is for the app, which finds it in the data.
        click_action: clickTarget?.includes(':') ? undefined : clickTarget,
        sound,
        // 0 would mean: one more.
        notification_count: badge === 0 ? undefined : badge,
      },
    },
  };
}

/** Merges the override, and puts the ids over all. */
function complete(message: WakeMessage, made: JsonObject, override: JsonObject | undefined): JsonObject {
  const merged = mergeOver(made, override);
  return { ...merged, data: { ...(isRecord(merged.data) ? merged.data : {}), ...idsOf(message) } };
}

const ttlOf = (message: WakeMessage): string => `${ttlSeconds(message, MAX_TTL)}s`;
