import { createHash } from 'node:crypto';
import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import { cutText, type TextSize } from '../cut-text.js';
import { isRecord } from '../http-outcome.js';
import { idsOf, isWebAddress, type JsonObject, mergeOver, notifyIdOf, ttlSeconds, visibleOf } from '../payload.js';
import type { VivoSettings } from './settings.js';

const MAX_TITLE = 40;
const MAX_CONTENT = 100;
/** Seconds. Copies of vivo's page name a day and seven days as the most; a day is right by both. */
const MAX_TTL = 86_400;
const MIN_TTL = 60;
const MAX_ADDRESS = 1000;

/** Size as vivo counts: a Chinese character is as long as two letters. What an emoji counts is rounded up. */
export const vivoSize: TextSize = (text) => {
  let size = 0;
  for (let i = 0; i < text.length; i += 1) size += text.charCodeAt(i) < 0x80 ? 1 : 2;
  return size;
};

/** Makes the body of `message/send`. */
export function vivoBody(settings: VivoSettings, { token }: WakeTarget, message: WakeMessage): JsonObject {
  const visible = visibleOf(message, settings);
  const merged = mergeOver(
    {
      notifyType: message.interruption === 'PASSIVE' ? 1 : 4,
      title: cutText(visible.title, MAX_TITLE, vivoSize),
      content: cutText(visible.body, MAX_CONTENT, vivoSize),
      timeToLive: ttlSeconds(message, MAX_TTL, MIN_TTL),
      ...clickOf(visible.clickTarget),
      classification: settings.classification ?? 0,
      category: settings.category,
      notifyId: notifyIdOf(message.key),
    },
    visible.override,
  );
  const own = isRecord(merged.clientCustomMap) ? merged.clientCustomMap : {};
  return {
    ...merged,
    appId: Number(settings.appId),
    regId: token,
    requestId: createHash('sha256').update(`${message.id}\n${token}`).digest('hex'),
    clientCustomMap: { ...own, ...idsOf(message) },
  };
}

function clickOf(target: string | undefined): JsonObject {
  if (target === undefined || target.length > MAX_ADDRESS) return { skipType: 1 };
  return { skipType: isWebAddress(target) ? 2 : 4, skipContent: target };
}
