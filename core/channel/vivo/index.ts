import { createHash } from 'node:crypto';
import { createHttpsClient, type HttpsClient } from '../../outbound/https-client.js';
import { createAccessTokens, sendWithToken, type TokenResult, tokenFailure } from '../access-token.js';
import { type Channel, type ChannelKind, SEND_TIMEOUT_MS } from '../channel.js';
import { findCode } from '../code-table.js';
import { findJsonObject, outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf } from '../settings.js';
import { outcomeOfVivo } from './errors.js';
import { vivoBody } from './payload.js';
import { readVivoSettings, type VivoSettings } from './settings.js';

const ADDRESS = 'https://api-push.vivo.com.cn';
/** A token lives for a day; vivo advises to renew it every hour or two. */
const TOKEN_MS = 3_600_000;
const LIMITS = { perSecond: 200, concurrent: 50 };

/** vivo push: notifications only, of up to 40 and 100 letters. */
export const vivo: ChannelKind<VivoSettings> = {
  channel: 'VIVO',
  parseSettings: readVivoSettings,
  describe: ({ appId }) => ({ appId }),
  scope: () => ({}),
  limits: LIMITS,
  open: openVivo,
};

function openVivo(settings: VivoSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const tokens = createAccessTokens((deadline) => askForToken(client, settings, deadline));
  const url = addressOf(settings, ADDRESS, '/message/send');
  return {
    async send(target, message) {
      if (message.kind === 'BACKGROUND') return { kind: 'payload_bad', reason: 'no_background_messages' };
      const body = JSON.stringify(vivoBody(settings, target, message));
      return sendWithToken(tokens, async (authToken, deadline) => {
        const headers = { 'content-type': 'application/json', authtoken: authToken };
        const result = await client.request({ url, headers, body, deadline });
        return result.kind === 'answered' ? outcomeOfVivo(result) : outcomeOfFailure(result);
      });
    },
    async probe() {
      const result = await askForToken(client, settings, performance.now() + SEND_TIMEOUT_MS);
      return result.kind === 'token' ? { kind: 'ok' } : probeOfOutcome(result.outcome);
    },
    async close() {
      client.close();
    },
  };
}

async function askForToken(client: HttpsClient, settings: VivoSettings, deadline: number): Promise<TokenResult> {
  const { appId, appKey, appSecret } = settings;
  const timestamp = Date.now();
  const sign = createHash('md5').update(`${appId}${appKey}${timestamp}${appSecret}`).digest('hex');
  const result = await client.request({
    url: addressOf(settings, ADDRESS, '/message/auth'),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appId: Number(appId), appKey, timestamp, sign }),
    deadline,
  });
  const body = result.kind === 'answered' ? findJsonObject(result.body) : undefined;
  const code = findCode(body?.result);
  const token = body?.authToken;
  if (code === '0' && typeof token === 'string' && token !== '') {
    return { kind: 'token', value: token, usableUntil: performance.now() + TOKEN_MS };
  }
  return code === undefined || code === '0'
    ? tokenFailure(result)
    : { kind: 'failed', outcome: { kind: 'channel_down', reason: code } };
}
