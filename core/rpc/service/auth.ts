import { OnePushError } from '../../../common/errors.js';
import { equalInConstantTime } from '../../../common/secrets.js';
import { findUtf8 } from '../../../common/text.js';
import type { App } from '../../domain/app.js';
import type { Registry } from '../../registry/registry.js';

/** Credentials of a caller: an app's id and key, the admin token, or nothing. */
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

/**
 * @param adminToken undefined: nobody is admin
 * @throws OnePushError WRONG_ADMIN_TOKEN
 */
export function requireAdmin(credentials: Credentials, adminToken: string | undefined): void {
  const token = credentials.kind === 'admin' ? credentials.token : '';
  if (adminToken === undefined || !equalInConstantTime(token, adminToken)) throw new OnePushError('WRONG_ADMIN_TOKEN');
}

/**
 * The app that calls.
 *
 * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, or APP_DISABLED
 */
export async function authenticate(registry: Pick<Registry, 'authenticate'>, credentials: Credentials): Promise<App> {
  if (credentials.kind !== 'app') throw new OnePushError('WRONG_APP_KEY');
  return registry.authenticate(credentials.appId, credentials.key);
}
