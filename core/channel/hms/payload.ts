import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import { cutText, jsonBytes } from '../cut-text.js';
import { isRecord } from '../http-outcome.js';
import {
  idsOf,
  isWebAddress,
  type JsonObject,
  mergeOver,
  notifyIdOf,
  ttlSeconds,
  type VisibleMessage,
  visibleOf,
} from '../payload.js';
import type { HmsSettings, HmsV1Settings, HmsV3Settings } from './settings.js';

/** Bytes of a message. Huawei does not count the token; here it counts, to be on the safe side. */
const MAX_BYTES = 4096;
/** Seconds: 15 days. */
const MAX_TTL = 1_296_000;
const MAX_BADGE = 99;

/** A message for HMS: its body, and of v3 its kind. */
export interface HmsRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes the request of `messages:send`, with as much of the text as Huawei takes. */
export function hmsRequest(settings: HmsSettings, target: WakeTarget, message: WakeMessage): HmsRequest {
  const visible = visibleOf(message, settings);
  const make = settings.version === 'v3' ? v3Body.bind(undefined, settings) : v1Body.bind(undefined, settings);
  const encode = (text: string): string => JSON.stringify(make(target, message, { ...visible, body: text }));
  let body = encode(visible.body);
  const excess = Buffer.byteLength(body) - MAX_BYTES;
  if (excess > 0) body = encode(cutText(visible.body, Math.max(0, jsonBytes(visible.body) - excess), jsonBytes));
  return { body, headers: settings.version === 'v3' ? { 'push-type': message.kind === 'ALERT' ? '0' : '6' } : {} };
}

function v3Body(
  settings: HmsV3Settings,
  { token }: WakeTarget,
  message: WakeMessage,
  visible: VisibleMessage,
): JsonObject {
  const ids = idsOf(message);
  const badge = message.badge === undefined ? undefined : { setNum: Math.min(message.badge, MAX_BADGE) };
  const merged = mergeOver(
    {
      // A class that needs no grant; without one Huawei refuses the message.
      payload:
        message.kind === 'BACKGROUND'
          ? {}
          : {
              notification: {
                category: settings.category ?? 'MARKETING',
                title: visible.title,
                body: visible.body,
                clickAction:
                  visible.clickTarget === undefined ? { actionType: 0 } : { actionType: 1, uri: visible.clickTarget },
                notifyId: notifyIdOf(message.key),
                sound: message.sound,
                badge,
              },
            },
      pushOptions: { ttl: ttlSeconds(message, MAX_TTL) },
    },
    visible.override,
  );
  const own =
    message.kind === 'BACKGROUND'
      ? { extraData: JSON.stringify(ids) }
      : { notification: { clickAction: { data: ids } } };
  return mergeOver(merged, { payload: own, target: { token: [token] } });
}

function v1Body(
  settings: HmsV1Settings,
  { token }: WakeTarget,
  message: WakeMessage,
  visible: VisibleMessage,
): JsonObject {
  const { badgeClass } = settings;
  const hasBadge = message.badge !== undefined && badgeClass !== undefined;
  const notification = {
    title: visible.title,
    body: visible.body,
    image: visible.image,
    click_action: clickOf(visible.clickTarget),
    notify_id: notifyIdOf(message.key),
    channel_id: message.androidChannel,
    group: visible.thread,
    importance: message.interruption === 'PASSIVE' ? 'LOW' : 'NORMAL',
    ...(message.sound === undefined ? {} : { sound: message.sound, default_sound: false }),
    ...(hasBadge ? { badge: { set_num: Math.min(message.badge ?? 0, MAX_BADGE), class: badgeClass } } : {}),
  };
  const merged = mergeOver(
    {
      message: {
        android: {
          ttl: `${ttlSeconds(message, MAX_TTL)}s`,
          category: settings.category,
          ...(message.kind === 'BACKGROUND' ? {} : { notification }),
        },
      },
    },
    visible.override,
  );
  const rest = isRecord(merged.message) ? merged.message : {};
  // `android.data` would replace `data`.
  const android = isRecord(rest.android) ? { ...rest.android, data: undefined } : {};
  return { ...merged, message: { ...rest, android, data: JSON.stringify(idsOf(message)), token: [token] } };
}

function clickOf(target: string | undefined): JsonObject {
  if (target === undefined) return { type: 3 };
  return isWebAddress(target) ? { type: 2, url: target } : { type: 1, intent: target };
}
