import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { HttpsClient } from '../../outbound/https-client.js';
import { systemCode } from '../../outbound/system-code.js';
import { type AccessTokens, createAccessTokens, tokenFailure } from '../access-token.js';
import { formOf } from '../form.js';
import { findJsonObject } from '../http-outcome.js';
import type { HmsSettings, HmsV1Settings, HmsV3Settings } from './settings.js';

/** Huawei's address for access tokens, and the audience of JWTs, whichever address they go to. */
const TOKEN_URI = 'https://oauth-login.cloud.huawei.com/oauth2/v3/token';
/** Seconds that a JWT and an access token live. */
const LIFE = 3600;
/** Share of a token's life after which another one is taken. */
const USABLE = 0.8;

/** Returns what `Authorization: Bearer` carries: of v3 a JWT of the service account, else an access token of OAuth. */
export function hmsAccess(settings: HmsSettings, client: HttpsClient): AccessTokens {
  return settings.version === 'v3' ? signedTokens(settings) : oauthTokens(settings, client);
}

function signedTokens({ serviceAccount }: HmsV3Settings): AccessTokens {
  const key = createPrivateKey(serviceAccount.private_key);
  return createAccessTokens(async () => {
    try {
      const iat = Math.floor(Date.now() / 1000);
      const value = await new SignJWT({ aud: TOKEN_URI, iss: serviceAccount.sub_account, iat, exp: iat + LIFE })
        .setProtectedHeader({ alg: 'PS256', typ: 'JWT', kid: serviceAccount.key_id })
        .sign(key);
      return { kind: 'token', value, usableUntil: performance.now() + LIFE * USABLE * 1000 };
    } catch (error) {
      return { kind: 'failed', outcome: { kind: 'channel_down', reason: systemCode(error) } };
    }
  });
}

function oauthTokens(
  { clientId, clientSecret, tokenUri = TOKEN_URI }: HmsV1Settings,
  client: HttpsClient,
): AccessTokens {
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  return createAccessTokens(async (deadline) => {
    const result = await client.request({ url: tokenUri, ...formOf(fields), deadline });
    const body = result.kind === 'answered' && result.status === 200 ? findJsonObject(result.body) : undefined;
    const token = body?.access_token;
    if (typeof token !== 'string' || token === '') return tokenFailure(result);
    const life = typeof body?.expires_in === 'number' && body.expires_in > 0 ? Math.min(body.expires_in, LIFE) : LIFE;
    return { kind: 'token', value: token, usableUntil: performance.now() + life * USABLE * 1000 };
  });
}
