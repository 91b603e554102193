/** Kinds of a vendor's setting, by which its form asks for it. */
export type FieldKind = 'text' | 'secret' | 'lines' | 'json' | 'number' | 'list' | 'yes' | 'choice';

/** A setting of a channel, as docs/channels.md has it. */
export interface ChannelField {
  /** Its name in the settings. */
  readonly name: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  /** Words of a choice; of numbers they are sent as such. */
  readonly options: readonly (string | number)[];
  /** Only where the setting `version` is one of these; empty: always. */
  readonly versions: readonly string[];
  /** Example of a value; empty: none. */
  readonly example: string;
}

type Extra = Partial<Pick<ChannelField, 'options' | 'versions' | 'example'>>;

function field(name: string, kind: FieldKind, isRequired: boolean, extra: Extra): ChannelField {
  return { name, kind, isRequired, options: [], versions: [], example: '', ...extra };
}

/** A setting that must be there. */
const must = (name: string, kind: FieldKind = 'text', extra: Extra = {}) => field(name, kind, true, extra);
/** A setting that may be absent. */
const may = (name: string, kind: FieldKind = 'text', extra: Extra = {}) => field(name, kind, false, extra);

const TEXTS = [may('title'), may('text')];
const LIMITS = [may('ca', 'lines'), may('perSecond', 'number'), may('concurrent', 'number')];
const COMMON = [may('baseUrl', 'text', { example: 'https://' }), ...LIMITS];
const RECEIVER = [
  must('url', 'text', { example: 'https://' }),
  must('secret', 'secret', { example: 'whsec_…' }),
  may('allowPrivate', 'yes'),
];
const OAUTH = { versions: ['v1', 'v2'] };
const V3 = { versions: ['v3'] };
const SMS = [may('text'), may('countryCode', 'text', { example: '86' })];

/** Settings of each channel, in the order of its form. */
export const CHANNEL_FIELDS = {
  APNS: [
    must('teamId', 'text', { example: 'ABCDE12345' }),
    must('keyId', 'text', { example: 'FGHIJ67890' }),
    must('privateKey', 'lines'),
    must('bundle', 'text', { example: 'com.example.app' }),
    may('environment', 'choice', { options: ['PRODUCTION', 'SANDBOX'] }),
    ...TEXTS,
    ...COMMON,
  ],
  FCM: [must('serviceAccount', 'json'), ...TEXTS, ...COMMON],
  WEB_PUSH: [
    must('publicKey'),
    must('privateKey', 'secret'),
    must('subject', 'text', { example: 'mailto:push@example.com' }),
    may('allowedHosts', 'list', { example: '*.example.com' }),
    ...LIMITS,
  ],
  HMS: [
    must('version', 'choice', { options: ['v3', 'v1', 'v2'] }),
    must('serviceAccount', 'json', V3),
    may('projectId', 'text', V3),
    must('projectId', 'text', { versions: ['v2'] }),
    must('clientId', 'text', OAUTH),
    must('clientSecret', 'secret', OAUTH),
    may('appId', 'text', { versions: ['v1'] }),
    may('badgeClass', 'text', { ...OAUTH, example: 'com.example.app.MainActivity' }),
    may('tokenUri', 'text', { ...OAUTH, example: 'https://' }),
    may('category', 'text', { example: 'WORK' }),
    ...TEXTS,
    ...COMMON,
  ],
  MIPUSH: [
    must('appSecret', 'secret'),
    must('package', 'text', { example: 'com.example.app' }),
    may('channelId'),
    may('region', 'choice', { options: ['CN', 'GLOBAL', 'EUROPE', 'INDIA', 'RUSSIA'] }),
    ...TEXTS,
    ...COMMON,
  ],
  OPPO: [
    must('appKey'),
    must('masterSecret', 'secret'),
    may('channelId'),
    may('category', 'text', { example: 'ORDER' }),
    may('region', 'choice', { options: ['CN', 'INTL'] }),
    ...TEXTS,
    ...COMMON,
  ],
  VIVO: [
    must('appId', 'text', { example: '10004' }),
    must('appKey'),
    must('appSecret', 'secret'),
    may('classification', 'choice', { options: [0, 1] }),
    may('category', 'text', { example: 'ORDER' }),
    ...TEXTS,
    ...COMMON,
  ],
  WEBHOOK: [...RECEIVER, ...LIMITS],
  SMS_WEBHOOK: [...RECEIVER, may('countryCode', 'text', { example: '86' }), ...LIMITS],
  SMS_TWILIO: [
    must('accountSid', 'text', { example: 'AC…' }),
    must('authToken', 'secret'),
    must('from'),
    ...SMS,
    ...COMMON,
  ],
  SMS_ALIYUN: [
    must('accessKeyId'),
    must('accessKeySecret', 'secret'),
    must('signName'),
    must('templateCode', 'text', { example: 'SMS_152550005' }),
    may('templateParams', 'json', { example: '{ "content": "{text}" }' }),
    may('maxText', 'number'),
    ...SMS,
    ...COMMON,
  ],
  SMS_TENCENT: [
    must('secretId'),
    must('secretKey', 'secret'),
    must('sdkAppId', 'text', { example: '1400006666' }),
    must('templateId', 'text', { example: '1110' }),
    must('region', 'text', { example: 'ap-guangzhou' }),
    may('signName'),
    may('templateParams', 'json', { example: '["{text}"]' }),
    may('maxText', 'number'),
    ...SMS,
    ...COMMON,
  ],
} satisfies Readonly<Record<string, readonly ChannelField[]>>;

/** Name of a channel that has settings. */
export type ChannelName = keyof typeof CHANNEL_FIELDS;

/** Values of a form, as they were typed, by the name of their setting. */
export type FieldValues = Readonly<Record<string, string>>;

/** Returns the settings that a form asks for, now that these values are in it. */
export function fieldsOf(channel: ChannelName, values: FieldValues): readonly ChannelField[] {
  const all: readonly ChannelField[] = CHANNEL_FIELDS[channel];
  const version = values.version || 'v3';
  return all.filter(({ versions }) => versions.length === 0 || versions.includes(version));
}

/** A value that is no JSON where its setting must be. */
export class NotJsonError extends Error {
  override name = 'NotJsonError';

  constructor(readonly field: string) {
    super(`${field} is no JSON`);
  }
}

/** Returns the settings as the channel takes them. @throws NotJsonError */
export function toSettings(channel: ChannelName, values: FieldValues): Readonly<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  for (const each of fieldsOf(channel, values)) {
    const text = values[each.name] ?? (each.isRequired ? String(each.options[0] ?? '') : '');
    if (text.trim() !== '') settings[each.name] = toValue(each, text);
  }
  return settings;
}

function toValue({ name, kind, options }: ChannelField, text: string): unknown {
  if (kind === 'yes') return text === 'yes';
  if (kind === 'number' || typeof options[0] === 'number') return Number(text);
  if (kind === 'list') return text.split(/[\s,]+/).filter((one) => one !== '');
  if (kind === 'lines') return text;
  if (kind !== 'json') return text.trim();
  try {
    return JSON.parse(text);
  } catch {
    throw new NotJsonError(name);
  }
}
