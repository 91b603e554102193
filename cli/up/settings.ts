import { randomBytes } from 'node:crypto';
import type { Environment } from '../../common/settings/env.js';
import { VARIABLES } from '../variables.js';

/** Environments of a core and an edge on one machine. */
export interface UpSettings {
  readonly core: NodeJS.ProcessEnv;
  readonly edge: NodeJS.ProcessEnv;
  /** Plain text, and nobody has allowed it beyond this machine. */
  readonly isForItself: boolean;
  readonly isSecure: boolean;
  readonly appId: string;
  readonly appKey: string;
  readonly adminToken: string;
}

/** Fills in what is not set: an app to try with, tokens, and this machine alone where the edge is plain text. */
export function upSettings(given: Environment): UpSettings {
  const { ONEPUSH_HTTP_LISTEN, ONEPUSH_TLS_CERT, ONEPUSH_ALLOW_PLAINTEXT } = given;
  const isForItself = !ONEPUSH_HTTP_LISTEN && !ONEPUSH_TLS_CERT && ONEPUSH_ALLOW_PLAINTEXT !== '1';
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !(name in VARIABLES)));
  const app = given.ONEPUSH_BOOTSTRAP_APP || 'testapp1:dkdka';
  const adminToken = given.ONEPUSH_ADMIN_TOKEN || randomBytes(18).toString('base64url');
  const edge = {
    ...own,
    ...(isForItself ? { ONEPUSH_HTTP_LISTEN: '127.0.0.1:8080' } : {}),
    ONEPUSH_BOOTSTRAP_APP: app,
    ONEPUSH_ADMIN_TOKEN: adminToken,
    ONEPUSH_LINK_TOKEN: given.ONEPUSH_LINK_TOKEN || randomBytes(18).toString('base64url'),
  };
  // A certificate is the edge's only, unless the link has one, too: nobody else need reach the core.
  const core = given.ONEPUSH_LINK_TLS_CA ? edge : { ...edge, ONEPUSH_TLS_CERT: '', ONEPUSH_TLS_KEY: '' };
  const [appId = '', appKey = ''] = app.split(':');
  return { core, edge, isForItself, isSecure: Boolean(ONEPUSH_TLS_CERT), appId, appKey, adminToken };
}
