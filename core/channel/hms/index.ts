import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { createHttpsClient } from '../../outbound/https-client.js';
import { sendWithToken } from '../access-token.js';
import type { Channel, ChannelKind } from '../channel.js';
import { outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf } from '../settings.js';
import { hmsAccess } from './access.js';
import { outcomeOfHms } from './errors.js';
import { type HmsRequest, hmsRequest } from './payload.js';
import { type HmsSettings, readHmsSettings } from './settings.js';

const ADDRESS = 'https://push-api.cloud.huawei.com';
const LIMITS = { perSecond: 500, concurrent: 50 };
/** A token that no device has. */
const NOBODY: WakeTarget = { token: 'onepush-probe' };

/** Huawei Push Kit: v3 for HarmonyOS 5 and newer, v1 and v2 for HarmonyOS 3 and 4 and Android. */
export const hms: ChannelKind<HmsSettings> = {
  channel: 'HMS',
  parseSettings: readHmsSettings,
  describe: (settings) => ({ version: settings.version, ...idOf(settings) }),
  scope: () => ({}),
  limits: LIMITS,
  open: openHms,
};

function openHms(settings: HmsSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const tokens = hmsAccess(settings, client);
  const url = addressOf(
    settings,
    ADDRESS,
    `/${settings.version}/${encodeURIComponent(pathId(settings))}/messages:send`,
  );

  function post({ body, headers }: HmsRequest): Promise<WakeOutcome> {
    return sendWithToken(tokens, async (token, deadline) => {
      const result = await client.request({
        url,
        headers: { 'content-type': 'application/json;charset=UTF-8', authorization: `Bearer ${token}`, ...headers },
        body,
        deadline,
      });
      return result.kind === 'answered' ? outcomeOfHms(result) : outcomeOfFailure(result);
    });
  }

  return {
    send: (target, message) => post(hmsRequest(settings, target, message)),
    // Huawei checks the credential before the token: that nobody has this one says that it took the credential.
    async probe() {
      const request = hmsRequest(settings, NOBODY, probeMessage(settings));
      const outcome = await post(request);
      const isToken = outcome.kind === 'token_dead' || outcome.kind === 'token_set_aside';
      return isToken ? { kind: 'ok' } : probeOfOutcome(outcome);
    },
    async close() {
      client.close();
    },
  };
}

/** A message that reaches nobody, even if the token were one. */
function probeMessage(settings: HmsSettings): WakeMessage {
  return {
    id: 'probe',
    appId: 'probe',
    kind: 'ALERT',
    key: 'probe',
    body: 'probe',
    priority: 'LOW',
    expiresAt: Date.now() + 1000,
    override: settings.version === 'v3' ? { pushOptions: { testMessage: true } } : { validate_only: true },
  };
}

function pathId(settings: HmsSettings): string {
  switch (settings.version) {
    case 'v1':
      return settings.appId ?? settings.clientId;
    case 'v2':
      return settings.projectId;
    case 'v3':
      return settings.projectId ?? settings.serviceAccount.project_id;
  }
}

function idOf(settings: HmsSettings): Record<string, string> {
  return settings.version === 'v1' ? { appId: pathId(settings) } : { projectId: pathId(settings) };
}
