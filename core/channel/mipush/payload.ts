import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import { cutText, utf16Units } from '../cut-text.js';
import { idsOf, isWebAddress, mergeOver, notifyIdOf, ttlSeconds, visibleOf } from '../payload.js';
import type { MiPushSettings } from './settings.js';

/** Less than 50 and 128 characters. */
const MAX_TITLE = 49;
const MAX_DESCRIPTION = 127;
/** Seconds: ten days. */
const MAX_TTL = 864_000;
/** Characters of a value of `extra`. */
const MAX_EXTRA = 1024;
/** `notify_type`: sound, vibration and light as the phone has them, or lights only. */
const DEFAULT_ALL = -1;
const LIGHTS = 4;

/** Makes the form of `message/regid`. */
export function miPushForm(settings: MiPushSettings, target: WakeTarget, message: WakeMessage): Record<string, string> {
  const visible = visibleOf(message, settings);
  const fields = mergeOver(
    {
      ...(message.kind === 'BACKGROUND'
        ? { pass_through: 1 }
        : {
            pass_through: 0,
            title: cutText(visible.title, MAX_TITLE, utf16Units),
            description: cutText(visible.body, MAX_DESCRIPTION, utf16Units),
            notify_type: message.interruption === 'PASSIVE' ? LIGHTS : DEFAULT_ALL,
            notify_id: notifyIdOf(message.key),
            ...clickOf(visible.clickTarget),
          }),
      time_to_live: ttlSeconds(message, MAX_TTL) * 1000,
      'extra.channel_id': message.androidChannel ?? settings.channelId,
    },
    visible.override,
  );
  const form: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null)
      form[name] = typeof value === 'object' ? JSON.stringify(value) : `${value}`;
  }
  form.payload = JSON.stringify(idsOf(message));
  form.registration_id = target.token;
  form.restricted_package_name = target.bundle ?? settings.package;
  return form;
}

function clickOf(target: string | undefined): Record<string, string> {
  if (target === undefined || target.length > MAX_EXTRA) return { 'extra.notify_effect': '1' };
  return isWebAddress(target)
    ? { 'extra.notify_effect': '3', 'extra.web_uri': target }
    : { 'extra.notify_effect': '2', 'extra.intent_uri': target };
}
