import type { InterruptionLevel, WakeMessage } from '../../domain/wake.js';
import { fitTexts, type Texts, textsOf } from '../fit-texts.js';
import { isRecord } from '../http-outcome.js';
import { hashOfKey, idsOf, type JsonObject, mergeOver, ttlSeconds, visibleOf } from '../payload.js';
import type { ApnsSettings } from './settings.js';

/** A notification: its payload as JSON text, and its headers beside those of the address. */
export interface ApnsNotification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Bytes of a payload. */
const MAX_BYTES = 4096;
/** Bytes of a collapse id. */
const MAX_COLLAPSE_BYTES = 64;
/** Seconds for which APNs keeps a notification: 30 days. */
const MAX_TTL = 2_592_000;

const LEVELS: Readonly<Record<InterruptionLevel, string>> = {
  PASSIVE: 'passive',
  ACTIVE: 'active',
  TIME_SENSITIVE: 'time-sensitive',
  CRITICAL: 'critical',
};

/** Makes a notification; undefined: the override makes it too large, or none at all. */
export function apnsNotification(settings: ApnsSettings, message: WakeMessage): ApnsNotification | undefined {
  const body = message.kind === 'ALERT' ? alertBody(settings, message) : backgroundBody(message);
  if (body === undefined) return undefined;
  const isAlert = message.kind === 'ALERT';
  return {
    body,
    headers: {
      'apns-push-type': isAlert ? 'alert' : 'background',
      'apns-priority': isAlert && message.priority !== 'LOW' ? '10' : '5',
      'apns-expiration': String(Math.floor(Date.now() / 1000) + ttlSeconds(message, MAX_TTL)),
      'apns-collapse-id': collapseIdOf(message),
    },
  };
}

function alertBody(settings: ApnsSettings, message: WakeMessage): string | undefined {
  const { image, clickTarget, override } = visibleOf(message, settings);
  // Texts are cut; addresses cannot be, so where they leave no room for a text the picture goes first.
  for (const extras of [{ image, clickTarget }, { clickTarget }, {}]) {
    const build = (cut: Texts): JsonObject => complete(message, alertOf(message, cut, extras), override);
    const body = fitTexts(build, textsOf(message, settings), MAX_BYTES);
    if (body !== undefined) return isPayload(body) ? body : undefined;
  }
  return undefined;
}

function backgroundBody(message: WakeMessage): string | undefined {
  const override = message.body === undefined ? undefined : message.override;
  const body = JSON.stringify(complete(message, { aps: { 'content-available': 1 } }, override));
  return Buffer.byteLength(body) <= MAX_BYTES && isPayload(body) ? body : undefined;
}

function alertOf(message: WakeMessage, texts: Texts, extras: { image?: string | undefined }): JsonObject {
  const { badge, sound, category, interruption } = message;
  const thread = message.body === undefined ? undefined : message.thread;
  const isCritical = interruption === 'CRITICAL';
  return {
    aps: {
      alert: texts,
      badge,
      // A critical alert is none without a sound of its own kind.
      sound: isCritical ? { critical: 1, name: sound ?? 'default', volume: 1 } : sound,
      category,
      'thread-id': thread,
      'interruption-level': interruption && LEVELS[interruption],
      // Lets the app's service extension load the picture.
      'mutable-content': extras.image === undefined ? undefined : 1,
    },
    ...extras,
  };
}

/** Merges the override, and puts the ids over all. */
function complete(message: WakeMessage, payload: JsonObject, override: JsonObject | undefined): JsonObject {
  return { ...mergeOver(payload, override), ...idsOf(message) };
}

/** Returns false if an override has left nothing that APNs takes. */
function isPayload(body: string): boolean {
  return isRecord(JSON.parse(body).aps);
}

/** Returns the key, or a hash of one that no header can carry, or that is content which the app hides. */
function collapseIdOf({ key, body }: WakeMessage): string {
  const isPlain = /^[!-~]+$/.test(key) && key.length <= MAX_COLLAPSE_BYTES;
  return isPlain && body !== undefined ? key : hashOfKey(key);
}
