import type { EnvReader } from './env.js';
import { SETTINGS } from './settings.js';

const NAME = 'ONEPUSH_SECRET_KEY';
/** 32 bytes in hexadecimal, or in either alphabet of base64. */
const KEY = /^(?:[0-9a-f]{64}|[\w+/-]{43}=?)$/i;

/** Reads keys of AES-256: the first one encrypts, all decrypt. None: the setting is absent. */
export function readSecretKeys(env: EnvReader): readonly Uint8Array[] {
  const parts = (env.text(NAME) ?? '').split(',').map((part) => part.trim());
  if (parts.length === 1 && parts[0] === '') return [];
  if (!parts.every((part) => KEY.test(part))) env.problem(`${NAME} must be ${SETTINGS[NAME].rule}`);
  return parts.map((part) => Buffer.from(part, part.length === 64 ? 'hex' : 'base64'));
}
