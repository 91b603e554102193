import { findUtf8 } from '../../../common/text.js';

/** Credentials of a caller: an app's id and key, an admin token, or nothing. */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'app'; appId: string; key: string }
  | { kind: 'admin'; token: string };

/**
 * From the `authorization` of a call: `Basic base64(app id:app key)` or `Bearer <admin token>`. Anything else is none.
 */
export function parseAuthorization(header: string | undefined): Credentials {
  const [, scheme, value] = /^(basic|bearer)\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return { kind: 'none' };
  if (scheme.toLowerCase() === 'bearer') return { kind: 'admin', token: value };
  const text = findUtf8(Buffer.from(value, 'base64')) ?? '';
  const colon = text.indexOf(':');
  return colon < 0 ? { kind: 'none' } : { kind: 'app', appId: text.slice(0, colon), key: text.slice(colon + 1) };
}
