import { randomUUID } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { createHttpsClient, type HttpsResult } from '../../outbound/https-client.js';
import type { Channel, ChannelKind, ProbeResult } from '../channel.js';
import { findJsonObject, isRecord, outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf, COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';
import { signAliyun } from './aliyun-signature.js';
import {
  blameOverride,
  type CodeTable,
  findCodeOutcome,
  NOT_A_NUMBER,
  outcomeOfSmsStatus,
  UNKNOWN_CODE,
} from './outcomes.js';
import { countryCode, findE164 } from './phone-number.js';
import { fillValue, maxText, overrideOf, TemplateValue, text } from './text.js';

const HOST = 'https://dysmsapi.aliyuncs.com';
const VERSION = '2017-05-25';
/** Characters that a variable of a template for notifications takes. */
const MAX_TEXT = 35;

const LIMITS = { perSecond: 50, concurrent: 16 };

const schema = Type.Object({
  accessKeyId: VisibleAscii(),
  accessKeySecret: VisibleAscii(),
  signName: Type.String(
    ruled('must be the name of an approved signature, of 1 to 64 characters', {
      minLength: 1,
      maxLength: 64,
      format: 'label',
    }),
  ),
  templateCode: VisibleAscii(64),
  /** Of the template's variables their values; none: `content` is the text. */
  templateParams: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }),
      TemplateValue,
      ruled('must be an object of the names of variables and their values', { additionalProperties: false }),
    ),
  ),
  text,
  maxText,
  countryCode,
  ...COMMON_SETTINGS,
});

/** Settings of SMS_ALIYUN. */
export type AliyunSettings = Static<typeof schema>;

/** Aliyun's codes: https://help.aliyun.com/document_detail/101346.html */
const CODES: CodeTable = [
  [{ kind: 'accepted' }, 'OK'],
  // One a minute, five an hour or ten a day for this number.
  [{ kind: 'retry', scope: 'token', afterMs: 3_600_000 }, 'isv.BUSINESS_LIMIT_CONTROL'],
  [{ kind: 'retry', scope: 'channel' }, 'Throttling*', 'isv.QPS_LIMIT*', 'SignatureNonceUsed'],
  [{ kind: 'token_dead' }, 'isv.MOBILE_NUMBER_ILLEGAL'],
  [{ kind: 'token_set_aside' }, 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED', 'isv.INTERNATIONAL_NUMBER_NOT_SUPPORTED'],
  [
    { kind: 'channel_down' },
    'isp.RAM_PERMISSION_DENY',
    'isv.ACCOUNT*',
    'isv.AMOUNT_NOT_ENOUGH',
    'isv.DAY_LIMIT_CONTROL',
    'isv.DENY_IP_RANGE',
    'isv.EXTEND_CODE_ERROR',
    'isv.MONTH_LIMIT_CONTROL',
    'isv.OUT_OF_SERVICE',
    'isv.PRODUCT*',
    'isv.SIGN*',
    'isv.SMS_SIGN*',
    'isv.SMS_TEMPLATE*',
    'Forbidden*',
    'InvalidAccessKeyId*',
    'InvalidTimeStamp*',
    'SignatureDoesNotMatch',
    'IncompleteSignature',
  ],
  [{ kind: 'unknown' }, 'isp.*', 'InternalError*'],
  // What is left of them is about the text, or about how it fits the template.
  [{ kind: 'payload_bad' }, 'isv.*'],
];

/** Codes that another template or signature of a push's may bring. */
const OF_OVERRIDE = ['isv.SIGN*', 'isv.SMS_SIGN*', 'isv.SMS_TEMPLATE*'];

/** Short messages by Aliyun. */
export const aliyun: ChannelKind<AliyunSettings> = {
  channel: 'SMS_ALIYUN',
  parseSettings: createSettingsReader(schema),
  describe: ({ accessKeyId, signName, templateCode }) => ({ accessKeyId, signName, templateCode }),
  scope: () => ({}),
  limits: LIMITS,
  open: openAliyun,
};

function openAliyun(settings: AliyunSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const base = addressOf(settings, HOST, '/');

  function call(action: string, parameters: Record<string, string>): Promise<HttpsResult> {
    const request = { host: new URL(base).host, action, version: VERSION, parameters };
    const { query, headers } = signAliyun(request, settings, randomUUID());
    return client.request({ url: `${base}?${query}`, headers });
  }

  async function send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome> {
    const number = findE164(target.token, settings.countryCode);
    if (number === undefined) return NOT_A_NUMBER;
    const { signName, templateCode } = { ...settings, ...textsOf(overrideOf(message)) };
    const parameters = {
      PhoneNumbers: toAliyunNumber(number),
      SignName: signName,
      TemplateCode: templateCode,
      TemplateParam: JSON.stringify(toTemplateParam(settings, message)),
      OutId: message.id,
    };
    return blameOverride(outcomeOf(await call('SendSms', parameters)), message, OF_OVERRIDE);
  }

  async function probe(): Promise<ProbeResult> {
    return probeOfOutcome(outcomeOf(await call('QuerySmsTemplate', { TemplateCode: settings.templateCode })));
  }

  return { send, probe, close: async () => client.close() };
}

/** Numbers of China without their country, all others with it, none with a sign. */
function toAliyunNumber(e164: string): string {
  return e164.replace(/^\+86(?=1\d{10}$)/, '').replace('+', '');
}

/** The push's own values come before those of the settings. */
function toTemplateParam(settings: AliyunSettings, message: WakeMessage): object {
  const own = overrideOf(message).templateParam;
  if (isRecord(own)) return own;
  const values = Object.entries(settings.templateParams ?? { content: '{text}' });
  return Object.fromEntries(
    values.map(([name, value]) => [name, fillValue(value, message, settings, settings.maxText ?? MAX_TEXT)]),
  );
}

/** Returns those members of a push's override that are texts: it may take another approved template. */
function textsOf({ signName, templateCode }: Readonly<Record<string, unknown>>): {
  signName?: string;
  templateCode?: string;
} {
  return {
    ...(typeof signName === 'string' && { signName }),
    ...(typeof templateCode === 'string' && { templateCode }),
  };
}

function outcomeOf(result: HttpsResult): WakeOutcome {
  if (result.kind !== 'answered') return outcomeOfFailure(result);
  const code = findJsonObject(result.body)?.Code;
  if (typeof code !== 'string') return outcomeOfSmsStatus(result);
  const found = findCodeOutcome(CODES, code);
  if (found !== undefined) return found;
  return result.status === 200 ? UNKNOWN_CODE : outcomeOfSmsStatus(result);
}
