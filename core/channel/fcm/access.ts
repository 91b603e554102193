import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { HttpsClient } from '../../outbound/https-client.js';
import { type AccessTokens, createAccessTokens, type TokenResult, tokenFailure } from '../access-token.js';
import { formOf } from '../form.js';
import { findJsonObject } from '../http-outcome.js';
import type { FcmSettings } from './settings.js';

/** Google's address for access tokens, where the key file names none. */
const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Seconds that an assertion and an access token live. */
const LIFE = 3600;
/** Share of a token's life after which another one is asked for. */
const USABLE = 0.8;
/** Errors of RFC 6749 and 7523. `invalid_grant` is also the answer to a clock that is wrong. */
const ERRORS = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client', 'invalid_scope', 'access_denied']);

/** Returns the access tokens of a service account: for each it sends a signed assertion. */
export function fcmAccess({ serviceAccount }: FcmSettings, client: HttpsClient): AccessTokens {
  const key = createPrivateKey(serviceAccount.private_key);
  const url = serviceAccount.token_uri ?? TOKEN_URI;

  function assertion(): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const kid = serviceAccount.private_key_id;
    return new SignJWT({ iss: serviceAccount.client_email, scope: SCOPE, aud: url, iat, exp: iat + LIFE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .sign(key);
  }

  return createAccessTokens(async (deadline): Promise<TokenResult> => {
    const form = formOf({ grant_type: GRANT, assertion: await assertion() });
    const result = await client.request({ url, ...form, deadline });
    const body = result.kind === 'answered' ? findJsonObject(result.body) : undefined;
    const { access_token: value, expires_in: life, error } = body ?? {};
    const isGiven = result.kind === 'answered' && result.status === 200 && typeof value === 'string' && value !== '';
    if (isGiven) {
      const seconds = typeof life === 'number' && life > 0 ? Math.min(life, LIFE) : LIFE;
      return { kind: 'token', value, usableUntil: performance.now() + seconds * USABLE * 1000 };
    }
    if (typeof error === 'string' && ERRORS.has(error)) {
      return { kind: 'failed', outcome: { kind: 'channel_down', reason: error } };
    }
    return tokenFailure(result);
  });
}
