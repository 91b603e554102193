import { type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import { createHttpsClient, type HttpsResult } from '../../outbound/https-client.js';
import type { Channel, ChannelKind, ProbeResult } from '../channel.js';
import { findJsonObject, isRecord, outcomeOfFailure, probeOfOutcome } from '../http-outcome.js';
import { addressOf, COMMON_SETTINGS, createSettingsReader, VisibleAscii } from '../settings.js';
import {
  blameOverride,
  type CodeTable,
  findCodeOutcome,
  NOT_A_NUMBER,
  outcomeOfSmsStatus,
  UNKNOWN_CODE,
} from './outcomes.js';
import { countryCode, findE164 } from './phone-number.js';
import { signTencent } from './tencent-signature.js';
import { fillValue, maxText, overrideOf, TemplateValue, text } from './text.js';

const HOST = 'https://sms.tencentcloudapi.com';
const VERSION = '2021-01-11';
/** Characters that a variable of a template takes; newer accounts have 6. */
const MAX_TEXT = 12;

const LIMITS = { perSecond: 50, concurrent: 16 };

const schema = Type.Object({
  secretId: VisibleAscii(),
  secretKey: VisibleAscii(),
  sdkAppId: Type.String(
    ruled('must be the digits of an app in the console of short messages', { pattern: '^\\d{1,20}$' }),
  ),
  signName: Type.Optional(
    Type.String(
      ruled('must be the content of an approved signature, of 1 to 64 characters', {
        minLength: 1,
        maxLength: 64,
        format: 'label',
      }),
    ),
  ),
  templateId: Type.String(ruled('must be the digits of an approved template', { pattern: '^\\d{1,20}$' })),
  region: Type.String(ruled('must be a region, such as ap-guangzhou', { pattern: '^[a-z]{2,4}(-[a-z0-9]+)+$' })),
  /** Values of the template's variables, in order; none: the text is the only one. */
  templateParams: Type.Optional(
    Type.Array(TemplateValue, ruled('must be a list of at most 20 values', { maxItems: 20 })),
  ),
  text,
  maxText,
  countryCode,
  ...COMMON_SETTINGS,
});

/** Settings of SMS_TENCENT. */
export type TencentSettings = Static<typeof schema>;

const HOUR_MS = 3_600_000;

/** Tencent's codes: https://cloud.tencent.com/document/api/382/55981 */
const CODES: CodeTable = [
  [{ kind: 'accepted' }, 'Ok'],
  [{ kind: 'retry', scope: 'token', afterMs: 60_000 }, 'LimitExceeded.PhoneNumberThirtySecondLimit'],
  [
    { kind: 'retry', scope: 'token', afterMs: HOUR_MS },
    'LimitExceeded.DeliveryFrequencyLimit',
    'LimitExceeded.PhoneNumber*',
  ],
  [{ kind: 'retry', scope: 'channel', afterMs: HOUR_MS }, 'FailedOperation.MarketingSendTimeConstraint'],
  [{ kind: 'retry', scope: 'channel' }, 'RequestLimitExceeded*'],
  [
    { kind: 'token_dead' },
    'FailedOperation.PhoneNumberInBlacklist',
    'FailedOperation.PhoneNumberParseFail',
    'InvalidParameterValue.IncorrectPhoneNumber',
  ],
  [{ kind: 'token_set_aside' }, 'LimitExceeded.AppCountryOrRegionInBlacklist', 'UnsupportedOperation*'],
  [
    { kind: 'channel_down' },
    'AuthFailure*',
    'UnauthorizedOperation*',
    'LimitExceeded*',
    'FailedOperation.InsufficientBalanceInSmsPackage',
    'FailedOperation.SignatureIncorrectOrUnapproved',
    'FailedOperation.TemplateUnapprovedOrNotExist',
    'InternalError.RequestTimeException',
    'InternalError.RestApiInterfaceNotExist',
    'InternalError.Sig*',
    'InvalidParameterValue.SdkAppIdNotExist',
    'IpInBlacklist',
    'IpNotInWhitelist',
    'UnsupportedRegion',
  ],
  [{ kind: 'unknown' }, 'InternalError*'],
  // What is left of them is about the text, or about how it fits the template.
  [{ kind: 'payload_bad' }, 'FailedOperation*', 'InvalidParameter*', 'MissingParameter*', 'UnknownParameter*'],
];

/** Codes that another template of a push's may bring. */
const OF_OVERRIDE = ['FailedOperation.TemplateUnapprovedOrNotExist'];

/** Short messages by Tencent Cloud. */
export const tencent: ChannelKind<TencentSettings> = {
  channel: 'SMS_TENCENT',
  parseSettings: createSettingsReader(schema),
  describe: ({ secretId, sdkAppId, templateId, region }) => ({ secretId, sdkAppId, templateId, region }),
  scope: () => ({}),
  limits: LIMITS,
  open: openTencent,
};

function openTencent(settings: TencentSettings): Channel {
  const client = createHttpsClient({ ca: settings.ca, maxSockets: settings.concurrent ?? LIMITS.concurrent });
  const url = new URL(addressOf(settings, HOST, '/'));

  function call(action: string, parameters: object): Promise<HttpsResult> {
    const body = JSON.stringify(parameters);
    const headers = {
      ...signTencent({ host: url.host, service: 'sms', body }, settings),
      'x-tc-action': action,
      'x-tc-version': VERSION,
      'x-tc-region': settings.region,
    };
    return client.request({ url, headers, body });
  }

  async function send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome> {
    const number = findE164(target.token, settings.countryCode);
    if (number === undefined) return NOT_A_NUMBER;
    const { templateId } = overrideOf(message);
    const parameters = {
      PhoneNumberSet: [number],
      SmsSdkAppId: settings.sdkAppId,
      TemplateId: typeof templateId === 'string' ? templateId : settings.templateId,
      SignName: settings.signName,
      TemplateParamSet: toValues(settings, message),
      SessionContext: message.id,
    };
    const outcome = outcomeOf(await call('SendSms', parameters), firstStatus);
    return blameOverride(outcome, message, OF_OVERRIDE);
  }

  async function probe(): Promise<ProbeResult> {
    const parameters = { International: 0, TemplateIdSet: [Number(settings.templateId)] };
    const result = await call('DescribeSmsTemplateList', parameters);
    return probeOfOutcome(
      outcomeOf(result, ({ DescribeTemplateStatusSet }) => (DescribeTemplateStatusSet ? 'Ok' : undefined)),
    );
  }

  return { send, probe, close: async () => client.close() };
}

/** The push's own values come before those of the settings. */
function toValues(settings: TencentSettings, message: WakeMessage): readonly unknown[] {
  const own = overrideOf(message).templateParamSet;
  if (Array.isArray(own)) return own;
  const values = settings.templateParams ?? ['{text}'];
  return values.map((value) => fillValue(value, message, settings, settings.maxText ?? MAX_TEXT));
}

/** Finds the code for the one number that was asked for. */
function firstStatus({ SendStatusSet }: Readonly<Record<string, unknown>>): unknown {
  const first: unknown = Array.isArray(SendStatusSet) ? SendStatusSet[0] : undefined;
  return isRecord(first) ? first.Code : undefined;
}

/** @param findCode finds the code of an answer without an error */
function outcomeOf(
  result: HttpsResult,
  findCode: (response: Readonly<Record<string, unknown>>) => unknown,
): WakeOutcome {
  if (result.kind !== 'answered') return outcomeOfFailure(result);
  const response = findJsonObject(result.body)?.Response;
  if (!isRecord(response)) return outcomeOfSmsStatus(result);
  const code = isRecord(response.Error) ? response.Error.Code : findCode(response);
  if (typeof code !== 'string') return outcomeOfSmsStatus(result);
  return findCodeOutcome(CODES, code) ?? UNKNOWN_CODE;
}
