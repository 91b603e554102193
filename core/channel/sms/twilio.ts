import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { createHttpsClient, type HttpsResult } from '../../outbound/https-client.js';
import { retryAfterMs } from '../../outbound/retry-after.js';
import type { Channel, ChannelKind, ProbeResult } from '../channel.js';
import { cutText, utf16Units } from '../cut-text.js';
import { findJsonObject, outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { ttlSeconds } from '../payload.js';
import { addressOf, COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';
import { blameOverride, type CodeTable, findCodeOutcome, NOT_A_NUMBER, outcomeOfSmsStatus } from './outcomes.js';
import { countryCode, findE164 } from './phone-number.js';
import { overrideOf, text, textOf } from './text.js';

const HOST = 'https://api.twilio.com';
/** Maximum number of characters of a text. */
const MAX_TEXT = 1600;
/** The longest time that Twilio keeps a message in its queue, in seconds. */
const MAX_VALIDITY = 36_000;

/** Twilio's own rate is that of the sender: 1 a second for a long code, which it queues for. */
const LIMITS = { perSecond: 10, concurrent: 10 };

const schema = Type.Object({
  accountSid: Type.String(ruled('must be AC and 32 hexadecimal digits', { pattern: '^AC[0-9a-f]{32}$' })),
  authToken: VisibleAscii(),
  from: Type.String(
    ruled('must be a number in E.164, a sender of 1 to 11 letters and digits, or the id of a messaging service', {
      pattern: '^(\\+?\\d{3,15}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$',
    }),
  ),
  text,
  countryCode,
  ...COMMON_SETTINGS,
});

/** Settings of SMS_TWILIO. */
export type TwilioSettings = Static<typeof schema>;

/** Twilio's codes: https://www.twilio.com/docs/api/errors */
const CODES: CodeTable = [
  [{ kind: 'token_dead' }, '21211', '21217', '21610', '21614'],
  // The account, or the sender, may not send to this number.
  [{ kind: 'token_set_aside' }, '21219', '21408', '21608', '21612'],
  [{ kind: 'retry', scope: 'channel' }, '14107', '20429', '21611'],
  [{ kind: 'channel_down' }, '20003', '20005', '20006', '20404', '21212', '21603', '21606', '21659', '21703', '63038'],
];

/** Codes that another sender of a push's may bring. */
const OF_OVERRIDE = ['21212', '21603', '21606', '21659', '21703'];

/** Short messages by Twilio. */
export const twilio: ChannelKind<TwilioSettings> = {
  channel: 'SMS_TWILIO',
  parseSettings: createSettingsReader(schema),
  describe: ({ accountSid, from }) => ({ accountSid, from }),
  scope: () => ({}),
  limits: LIMITS,
  open: openTwilio,
};

function openTwilio(settings: TwilioSettings): Channel {
  const { accountSid, authToken } = settings;
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const account = `/2010-04-01/Accounts/${accountSid}`;

  async function send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome> {
    const number = findE164(target.token, settings.countryCode);
    if (number === undefined) return NOT_A_NUMBER;
    const outcome = outcomeOf(
      await client.request({
        url: addressOf(settings, HOST, `${account}/Messages.json`),
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(toForm(settings, number, message)).toString(),
      }),
    );
    return blameOverride(outcome, message, OF_OVERRIDE);
  }

  async function probe(): Promise<ProbeResult> {
    const url = addressOf(settings, HOST, `${account}.json`);
    const result = await client.request({ url, method: 'GET', headers: { authorization } });
    return probeOfOutcome(outcomeOf(result));
  }

  return { send, probe, close: async () => client.close() };
}

/** A push's override may have further fields of Twilio's, such as `MediaUrl`. */
function toForm(settings: TwilioSettings, to: string, message: WakeMessage): Record<string, string> {
  const { from } = settings;
  const own = Object.entries(overrideOf(message)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    [from.startsWith('MG') ? 'MessagingServiceSid' : 'From']: from,
    Body: cutText(textOf(message, settings), MAX_TEXT, utf16Units),
    ValidityPeriod: String(ttlSeconds(message, MAX_VALIDITY)),
    ...Object.fromEntries(own),
    To: to,
  };
}

function outcomeOf(result: HttpsResult): WakeOutcome {
  if (result.kind !== 'answered') return outcomeOfFailure(result);
  const answer = findJsonObject(result.body);
  if (result.status >= 200 && result.status < 300) {
    return typeof answer?.sid === 'string' ? { kind: 'accepted' } : outcomeOfSmsStatus(result);
  }
  const found = findCodeOutcome(CODES, String(answer?.code));
  if (found === undefined) return outcomeOfSmsStatus(result);
  return found.kind === 'retry' ? { ...found, afterMs: retryAfterMs(result.headers['retry-after']) } : found;
}
