import { createHash } from 'node:crypto';
import { createHttpsClient, type HttpsClient } from '../../outbound/https-client.js';
import { createAccessTokens, sendWithToken, type TokenResult, tokenFailure } from '../access-token.js';
import { type Channel, type ChannelKind, SEND_TIMEOUT_MS } from '../channel.js';
import { findCode, outcomeOfCode } from '../code-table.js';
import { formOf } from '../form.js';
import { findJsonObject, isRecord, outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf } from '../settings.js';
import { OPPO_CODES, outcomeOfOppo } from './errors.js';
import { oppoMessage } from './payload.js';
import { type OppoSettings, readOppoSettings } from './settings.js';

const ADDRESSES = { CN: 'https://api.push.oppomobile.com', INTL: 'https://api-intl.push.oppomobile.com' };
/** A token lives for a day; renewed an hour before. */
const TOKEN_MS = 23 * 3_600_000;
const LIMITS = { perSecond: 200, concurrent: 50 };

/** OPPO push, for realme and OnePlus too: notifications only, of up to 50 characters. */
export const oppo: ChannelKind<OppoSettings> = {
  channel: 'OPPO',
  parseSettings: readOppoSettings,
  describe: ({ appKey, region = 'CN' }) => ({ appKey, region }),
  scope: () => ({}),
  limits: LIMITS,
  open: openOppo,
};

const address = (settings: OppoSettings, path: string): string =>
  addressOf(settings, ADDRESSES[settings.region ?? 'CN'], path);

function openOppo(settings: OppoSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const tokens = createAccessTokens((deadline) => askForToken(client, settings, deadline));
  const url = address(settings, '/server/v1/message/notification/unicast');
  return {
    async send(target, message) {
      if (message.kind === 'BACKGROUND') return { kind: 'payload_bad', reason: 'no_background_messages' };
      const text = JSON.stringify(oppoMessage(settings, target, message));
      return sendWithToken(tokens, async (token, deadline) => {
        const result = await client.request({ url, ...formOf({ auth_token: token, message: text }), deadline });
        return result.kind === 'answered' ? outcomeOfOppo(result) : outcomeOfFailure(result);
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

async function askForToken(client: HttpsClient, settings: OppoSettings, deadline: number): Promise<TokenResult> {
  const { appKey, masterSecret } = settings;
  const timestamp = String(Date.now());
  const sign = createHash('sha256').update(`${appKey}${timestamp}${masterSecret}`).digest('hex');
  const url = address(settings, '/server/v1/auth');
  const result = await client.request({ url, ...formOf({ app_key: appKey, sign, timestamp }), deadline });
  if (result.kind !== 'answered') return tokenFailure(result);
  const body = findJsonObject(result.body);
  const code = findCode(body?.code);
  const token = isRecord(body?.data) ? body.data.auth_token : undefined;
  if (code === '0' && typeof token === 'string' && token !== '') {
    return { kind: 'token', value: token, usableUntil: performance.now() + TOKEN_MS };
  }
  if (code === undefined || code === '0') return tokenFailure(result);
  const outcome = outcomeOfCode(code, OPPO_CODES, result);
  const isPassing = outcome !== 'renew_token' && outcome.kind === 'retry';
  return { kind: 'failed', outcome: isPassing ? outcome : { kind: 'channel_down', reason: code } };
}
