import { findUtf8 } from '../text.js';

/** A name and a password. */
export interface BasicCredentials {
  /** Before the first colon. */
  name: string;
  /** After it. */
  password: string;
}

/** Reads `Basic base64(name:password)` of RFC 7617, in UTF-8; undefined: the header is none. */
export function parseBasic(header: string): BasicCredentials | undefined {
  const [, value] = /^basic\s+(\S+)$/i.exec(header) ?? [];
  const text = value === undefined ? undefined : findUtf8(Buffer.from(value, 'base64'));
  const colon = text?.indexOf(':') ?? -1;
  return text === undefined || colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
