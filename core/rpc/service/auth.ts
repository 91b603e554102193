import { parseBasic } from '../../../common/http/basic.js';

/** Key or token by which somebody signed in to the console. `tokenNum`: undefined for that of the environment. */
export type SessionOwner =
  | { readonly kind: 'app'; readonly appId: string; readonly keyNum: number }
  | { readonly kind: 'admin'; readonly tokenNum: number | undefined };

/**
 * Credentials of a caller: an app's id and key, an admin token, a session of the console, or nothing. A session is
 * asked for its owner each time, since it may end while a call lasts.
 */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'app'; appId: string; key: string }
  | { kind: 'admin'; token: string }
  | { kind: 'session'; owner: () => SessionOwner | undefined };

/**
 * From the `authorization` of a call: `Basic base64(app id:app key)` or `Bearer <admin token>`. Anything else is none.
 */
export function parseAuthorization(header: string | undefined): Credentials {
  const [, token] = /^bearer\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (token !== undefined) return { kind: 'admin', token };
  const app = parseBasic(header ?? '');
  return app === undefined ? { kind: 'none' } : { kind: 'app', appId: app.name, key: app.password };
}
