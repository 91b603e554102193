import type { WakeOutcome } from '../../domain/wake.js';
import { createHttpsClient } from '../../outbound/https-client.js';
import { sendWithToken } from '../access-token.js';
import type { Channel, ChannelKind } from '../channel.js';
import { outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { openHttp2Client } from '../http2-client.js';
import type { JsonObject } from '../payload.js';
import { addressOf } from '../settings.js';
import { fcmAccess } from './access.js';
import { outcomeOfFcm } from './errors.js';
import { fcmMessage } from './payload.js';
import { type FcmSettings, readFcmSettings } from './settings.js';

const ADDRESS = 'https://fcm.googleapis.com';

/** Firebase Cloud Messaging, HTTP v1. */
export const fcm: ChannelKind<FcmSettings> = {
  channel: 'FCM',
  parseSettings: readFcmSettings,
  describe: ({ serviceAccount }) => ({
    projectId: serviceAccount.project_id,
    clientEmail: serviceAccount.client_email,
  }),
  scope: () => ({}),
  limits: { perSecond: 5000, concurrent: 500 },
  open: openFcm,
};

function openFcm(settings: FcmSettings): Channel {
  const url = new URL(addressOf(settings, ADDRESS, `/v1/projects/${settings.serviceAccount.project_id}/messages:send`));
  const client = openHttp2Client({ origin: url.origin, ca: settings.ca });
  const tokenClient = createHttpsClient({ ca: settings.ca, maxSockets: 1 });
  const tokens = fcmAccess(settings, tokenClient);

  function post(body: JsonObject): Promise<WakeOutcome> {
    return sendWithToken(tokens, async (token, deadline) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const request = { method: 'POST', path: url.pathname, headers, body: JSON.stringify(body) } as const;
      const result = await client.request(request, deadline);
      return result.kind === 'answered' ? outcomeOfFcm(result) : outcomeOfFailure(result);
    });
  }

  return {
    async send(target, message) {
      const made = fcmMessage(settings, target.token, message);
      return made === undefined ? { kind: 'payload_bad', reason: 'bad_override' } : post({ message: made });
    },
    // To a topic, since no token is needed then; FCM only checks it.
    async probe() {
      const message = { topic: 'onepush-probe', data: { id: 'probe' } };
      return probeOfOutcome(await post({ validate_only: true, message }));
    },
    async close() {
      client.close();
      tokenClient.close();
    },
  };
}
