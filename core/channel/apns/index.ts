import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { type Channel, type ChannelKind, SEND_TIMEOUT_MS } from '../channel.js';
import { outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { type Http2Client, openHttp2Client } from '../http2-client.js';
import { outcomeOfApns } from './errors.js';
import { type ApnsNotification, apnsNotification } from './payload.js';
import { createProviderTokens, type ProviderToken } from './provider-tokens.js';
import { type ApnsSettings, readApnsSettings } from './settings.js';

const ORIGINS = {
  PRODUCTION: 'https://api.push.apple.com',
  SANDBOX: 'https://api.sandbox.push.apple.com',
} as const;
/** A token that no device has: APNs looks at the JWT first. */
const NOBODY: WakeTarget = { token: '0'.repeat(64) };

/** Apple Push Notification service, with a token key. */
export const apns: ChannelKind<ApnsSettings> = {
  channel: 'APNS',
  parseSettings: readApnsSettings,
  describe: ({ teamId, keyId, bundle, environment }) => ({
    teamId,
    keyId,
    bundle,
    ...(environment === undefined ? {} : { environment }),
  }),
  scope: ({ environment, bundle }) => ({ environment, bundle }),
  limits: { perSecond: 5000, concurrent: 500 },
  open: openApns,
};

function openApns(settings: ApnsSettings): Channel {
  const tokens = createProviderTokens(settings);
  const clients = new Map<string, Http2Client>();
  let isClosed = false;

  function clientFor({ environment }: WakeTarget): Http2Client {
    const origin = settings.baseUrl ?? ORIGINS[settings.environment ?? environment ?? 'PRODUCTION'];
    const known = clients.get(origin);
    if (known !== undefined) return known;
    const client = openHttp2Client({ origin, ca: settings.ca });
    if (isClosed) client.close();
    clients.set(origin, client);
    return client;
  }

  async function post(target: WakeTarget, { headers, body }: ApnsNotification): Promise<WakeOutcome> {
    const deadline = performance.now() + SEND_TIMEOUT_MS;
    const client = clientFor(target);
    const path = `${pathOf(settings.baseUrl)}/3/device/${target.token}`;
    let token: ProviderToken | undefined = tokens.current();
    for (let tries = 0; tries < 2 && token !== undefined; tries += 1) {
      const sent = { ...headers, 'apns-topic': settings.bundle, authorization: `bearer ${await token.value}` };
      const result = await client.request({ method: 'POST', path, headers: sent, body }, deadline);
      if (result.kind !== 'answered') return outcomeOfFailure(result);
      const outcome = outcomeOfApns(result);
      if (outcome === 'renew_token') token = tokens.renew(token);
      else if (outcome !== 'restore_token') return outcome;
      else {
        token = tokens.restore(token);
        if (token === undefined) return { kind: 'retry', scope: 'channel', reason: 'TooManyProviderTokenUpdates' };
      }
    }
    // A JWT that was made just now is too old, or not yet good: the clock of this machine is wrong.
    return { kind: 'channel_down', reason: 'ExpiredProviderToken:check_the_clock' };
  }

  async function send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome> {
    if (!/^([0-9a-f]{2}){1,512}$/i.test(target.token)) return { kind: 'token_set_aside', reason: 'not_hexadecimal' };
    const notification = apnsNotification(settings, message);
    if (notification === undefined) return { kind: 'payload_bad', reason: 'bad_override' };
    return post(target, notification);
  }

  return {
    send,
    async probe() {
      const outcome = await send(NOBODY, {
        id: 'probe',
        appId: 'probe',
        kind: 'ALERT',
        key: 'probe',
        body: 'probe',
        priority: 'LOW',
        expiresAt: Date.now() + 1000,
      });
      const isToken = outcome.kind === 'token_dead' || outcome.kind === 'token_set_aside';
      return isToken ? { kind: 'ok' } : probeOfOutcome(outcome);
    },
    async close() {
      isClosed = true;
      for (const client of clients.values()) client.close();
    },
  };
}

/** Returns the path of an address, without a slash at its end. */
function pathOf(baseUrl: string | undefined): string {
  return baseUrl === undefined ? '' : new URL(baseUrl).pathname.replace(/\/+$/, '');
}
