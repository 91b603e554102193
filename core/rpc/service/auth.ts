import { parseBasic } from '../../../common/http/basic.js';

/** Credentials of a caller: an app's id and key, an admin token, or nothing. */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'app'; appId: string; key: string }
  | { kind: 'admin'; token: string };

/**
 * From the `authorization` of a call: `Basic base64(app id:app key)` or `Bearer <admin token>`. Anything else is none.
 */
export function parseAuthorization(header: string | undefined): Credentials {
  const [, token] = /^bearer\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (token !== undefined) return { kind: 'admin', token };
  const app = parseBasic(header ?? '');
  return app === undefined ? { kind: 'none' } : { kind: 'app', appId: app.name, key: app.password };
}
