import { isDeeperThan } from '../json/bounds.js';
import { isJsonObject } from '../json/json.js';
import { defineFormat } from './formats.js';

/**
 * The vendors' ways to reach a device that has no session. A device's token belongs to one of them; SMS goes by the
 * phone number of its user instead.
 */
export const CHANNELS = [
  'APNS',
  'FCM',
  'WEB_PUSH',
  'HMS',
  'MIPUSH',
  'OPPO',
  'VIVO',
  'WEBHOOK',
  'SMS_WEBHOOK',
  'SMS_TWILIO',
  'SMS_ALIYUN',
  'SMS_TENCENT',
] as const;
/** One of `CHANNELS`. */
export type Channel = (typeof CHANNELS)[number];

/** Maximum number of bytes of a push's overrides: most vendors take some 4000 in all. */
const MAX_BYTES = 4096;
const MAX_LEVELS = 10;
const NAMES: ReadonlySet<string> = new Set(CHANNELS);

/** The rule of a push's overrides, after `must be JSON text of` or the like. */
export const OVERRIDES_RULE =
  `an object of at most ${MAX_BYTES} bytes and ${MAX_LEVELS} levels, with an object for each channel that it names ` +
  `(${CHANNELS.join(', ')})`;

/** JSON text of an object for each channel that it names, or nothing. */
defineFormat('overrides', (text) => text === '' || isOverrides(text));

function isOverrides(text: string): boolean {
  if (Buffer.byteLength(text) > MAX_BYTES || isDeeperThan(text, MAX_LEVELS) || !text.isWellFormed()) return false;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  return (
    isJsonObject(value) && Object.entries(value).every(([name, override]) => NAMES.has(name) && isJsonObject(override))
  );
}
