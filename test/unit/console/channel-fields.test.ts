import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import webPush from 'web-push';
import {
  CHANNEL_FIELDS,
  type ChannelName,
  type FieldValues,
  fieldsOf,
  toSettings,
} from '../../../console/channels/fields.js';
import { ChannelSettingsError } from '../../../core/channel/channel.js';
import { CHANNEL_KINDS } from '../../../core/channel/kinds.js';

const PEM = { type: 'pkcs8', format: 'pem' } as const;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(PEM);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(PEM);
const vapid = webPush.generateVAPIDKeys();
const google = { project_id: 'my-app', private_key: rsa, client_email: 'push@my-app.example' };
const huawei = { project_id: '1', key_id: 'k', sub_account: '2', private_key: rsa };

/** What people type into a field, where it is not its example or the first of its words. */
const TYPED: Readonly<Record<string, string>> = {
  title: 'A title',
  text: 'A text',
  perSecond: '50',
  concurrent: '4',
  maxText: '40',
  baseUrl: 'https://push.example.com',
  tokenUri: 'https://push.example.com/token',
  secret: `whsec_${randomBytes(32).toString('base64')}`,
  from: '+15005550006',
};
const TYPED_FOR: Readonly<Partial<Record<ChannelName, FieldValues>>> = {
  APNS: { privateKey: String(p256) },
  FCM: { serviceAccount: JSON.stringify(google) },
  WEB_PUSH: {
    ...vapid,
    allowedHosts: 'push.example.com, *.example.com',
  },
  HMS: { serviceAccount: JSON.stringify(huawei) },
  WEBHOOK: { url: 'https://hooks.example.com/wake', allowPrivate: 'yes' },
  SMS_WEBHOOK: { url: 'https://hooks.example.com/sms', allowPrivate: 'yes' },
  SMS_TWILIO: { accountSid: `AC${'0'.repeat(32)}` },
};

// Object.keys of a Record are its keys.
const NAMES = Object.keys(CHANNEL_FIELDS) as ChannelName[];
const FORMS = NAMES.flatMap((name) =>
  (name === 'HMS' ? ['v3', 'v2', 'v1'] : ['']).map((version) => ({ name, version })),
);

/** Fills a form in: all of it, or what it must have. */
function fill(name: ChannelName, version: string, isFull: boolean): FieldValues {
  const values: Record<string, string> = version === '' ? {} : { version };
  for (const field of fieldsOf(name, values)) {
    // No certificate is made here: it is a text like a key.
    if (field.name === 'version' || field.name === 'ca' || (!isFull && !field.isRequired)) continue;
    const usual = String(field.options[0] ?? '') || field.example || 'abc';
    values[field.name] = TYPED_FOR[name]?.[field.name] ?? TYPED[field.name] ?? usual;
  }
  return values;
}

function settingsOf(name: ChannelName, values: FieldValues): unknown {
  return CHANNEL_KINDS.get(name)?.parseSettings(toSettings(name, values));
}

it('has a form for each kind of channel', () => {
  expect([...NAMES].sort()).toEqual([...CHANNEL_KINDS.keys()].sort());
});

it.each(FORMS)('asks for settings that $name $version takes, all of them or those that it must have', (form) => {
  const { name, version } = form;
  for (const isFull of [true, false]) {
    const values = fill(name, version, isFull);
    expect(settingsOf(name, values)).toEqual(toSettings(name, values));
    expect(Object.keys(toSettings(name, values)).sort()).toEqual(Object.keys(values).sort());
  }
});

it.each(FORMS)('marks as required what $name $version does not do without, and nothing else', ({ name, version }) => {
  const full = fill(name, version, true);
  for (const field of fieldsOf(name, full)) {
    if (field.name === 'version' || full[field.name] === undefined) continue;
    const { [field.name]: _, ...rest } = full;
    const parse = () => settingsOf(name, rest);
    if (field.isRequired && field.options.length === 0) expect(parse, field.name).toThrow(ChannelSettingsError);
    else expect(parse, field.name).not.toThrow();
  }
});
