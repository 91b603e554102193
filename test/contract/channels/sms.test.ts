import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../../core/channel/channel.js';
import { aliyun } from '../../../core/channel/sms/aliyun.js';
import { tencent } from '../../../core/channel/sms/tencent.js';
import { twilio } from '../../../core/channel/sms/twilio.js';
import { smsWebhook } from '../../../core/channel/sms/webhook.js';
import type { WakeMessage } from '../../../core/domain/wake.js';
import { ALIYUN_NUMBER, startAliyun } from '../../support/vendors/aliyun.js';
import type { RunningVendor } from '../../support/vendors/fixture.js';
import type { VendorAnswer } from '../../support/vendors/server.js';
import { startTencent, TENCENT_NUMBER } from '../../support/vendors/tencent.js';
import { startTwilio, TWILIO_NUMBER } from '../../support/vendors/twilio.js';
import { startReceiver, WEBHOOK_NUMBER } from '../../support/vendors/webhook.js';

const message = (fields: Partial<WakeMessage> = {}): WakeMessage => ({
  id: '17',
  appId: 'demo',
  kind: 'ALERT',
  key: '17',
  body: 'Your order is on its way',
  priority: 'NORMAL',
  expiresAt: Date.now() + 3_600_000,
  ...fields,
});

const twilioSays = (status: number, code: number): VendorAnswer => ({
  status,
  body: { code, message: 'text', status },
});
const aliyunSays = (status: number, Code: string): VendorAnswer => ({ status, body: { Code, Message: 'text' } });
const tencentFails = (Code: string): VendorAnswer => ({
  status: 200,
  body: { Response: { Error: { Code, Message: 'text' }, RequestId: 'r' } },
});
const tencentSays = (Code: string): VendorAnswer => ({
  status: 200,
  body: { Response: { SendStatusSet: [{ Code, Message: 'text' }], RequestId: 'r' } },
});

const VENDORS = [
  {
    name: 'Twilio',
    kind: twilio,
    start: startTwilio,
    number: TWILIO_NUMBER,
    codes: [
      [twilioSays(400, 21_211), 'token_dead', '21211'],
      [twilioSays(400, 21_614), 'token_dead', '21614'],
      [twilioSays(400, 21_610), 'token_dead', '21610'],
      [twilioSays(400, 21_408), 'token_set_aside', '21408'],
      [twilioSays(429, 20_429), 'retry', '20429'],
      [twilioSays(401, 20_003), 'channel_down', '20003'],
      [twilioSays(400, 21_606), 'channel_down', '21606'],
      [twilioSays(400, 21_617), 'payload_bad', 'http_400'],
      [twilioSays(503, 20_503), 'retry', 'http_503'],
      [twilioSays(500, 20_500), 'unknown', 'http_500'],
      [{ status: 201, body: { queued: true } }, 'unknown', 'no_answer_of_the_vendor'],
    ],
  },
  {
    name: 'Aliyun',
    kind: aliyun,
    start: startAliyun,
    number: ALIYUN_NUMBER,
    codes: [
      [aliyunSays(200, 'isv.BUSINESS_LIMIT_CONTROL'), 'retry', 'isv.BUSINESS_LIMIT_CONTROL'],
      [aliyunSays(400, 'Throttling.User'), 'retry', 'Throttling.User'],
      [aliyunSays(200, 'isv.MOBILE_NUMBER_ILLEGAL'), 'token_dead', 'isv.MOBILE_NUMBER_ILLEGAL'],
      [aliyunSays(200, 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED'), 'token_set_aside', 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED'],
      [aliyunSays(200, 'isv.AMOUNT_NOT_ENOUGH'), 'channel_down', 'isv.AMOUNT_NOT_ENOUGH'],
      [aliyunSays(200, 'isv.SMS_TEMPLATE_ILLEGAL'), 'channel_down', 'isv.SMS_TEMPLATE_ILLEGAL'],
      [aliyunSays(404, 'InvalidAccessKeyId.NotFound'), 'channel_down', 'InvalidAccessKeyId.NotFound'],
      [aliyunSays(400, 'SignatureDoesNotMatch'), 'channel_down', 'SignatureDoesNotMatch'],
      [aliyunSays(200, 'isv.PARAM_LENGTH_LIMIT'), 'payload_bad', 'isv.PARAM_LENGTH_LIMIT'],
      [aliyunSays(200, 'isp.SYSTEM_ERROR'), 'unknown', 'isp.SYSTEM_ERROR'],
      [aliyunSays(200, 'a text with 13800138000'), 'payload_bad', 'unknown_code'],
      [aliyunSays(503, 'ServiceUnavailable'), 'retry', 'http_503'],
    ],
  },
  {
    name: 'Tencent',
    kind: tencent,
    start: startTencent,
    number: TENCENT_NUMBER,
    codes: [
      [
        tencentSays('LimitExceeded.PhoneNumberThirtySecondLimit'),
        'retry',
        'LimitExceeded.PhoneNumberThirtySecondLimit',
      ],
      [tencentSays('LimitExceeded.PhoneNumberDailyLimit'), 'retry', 'LimitExceeded.PhoneNumberDailyLimit'],
      [tencentSays('FailedOperation.PhoneNumberInBlacklist'), 'token_dead', 'FailedOperation.PhoneNumberInBlacklist'],
      [
        tencentSays('UnsupportedOperation.UnsupportedRegion'),
        'token_set_aside',
        'UnsupportedOperation.UnsupportedRegion',
      ],
      [tencentSays('FailedOperation.ContainSensitiveWord'), 'payload_bad', 'FailedOperation.ContainSensitiveWord'],
      [tencentSays('InternalError.Timeout'), 'unknown', 'InternalError.Timeout'],
      [tencentFails('AuthFailure.SignatureFailure'), 'channel_down', 'AuthFailure.SignatureFailure'],
      [tencentFails('RequestLimitExceeded'), 'retry', 'RequestLimitExceeded'],
      [tencentFails('InternalError.RequestTimeException'), 'channel_down', 'InternalError.RequestTimeException'],
      [tencentFails('a text with +8618501234444'), 'payload_bad', 'unknown_code'],
      [{ status: 200, body: { Response: { SendStatusSet: [] } } }, 'unknown', 'no_answer_of_the_vendor'],
    ],
  },
  {
    name: 'a webhook for short messages',
    kind: smsWebhook,
    start: startReceiver,
    number: WEBHOOK_NUMBER,
    codes: [
      [{ status: 410 }, 'token_dead', 'http_410'],
      [{ status: 429 }, 'retry', 'http_429'],
      [{ status: 500 }, 'unknown', 'http_500'],
      [{ status: 404 }, 'channel_down', 'http_404'],
      [{ status: 422 }, 'payload_bad', 'http_422'],
    ],
  },
] as const;

describe.each(VENDORS)('$name', ({ kind, start, number, codes }) => {
  let vendor: RunningVendor;
  let channel: Channel;
  const open = (settings: object = {}): Channel => {
    const { parseSettings, open: openChannel } = kind as typeof twilio; // Safe: the settings are of its own kind.
    return openChannel(parseSettings({ ...vendor.settings, ...settings }));
  };

  beforeAll(async () => {
    vendor = await start();
    channel = open();
  });
  beforeEach(() => vendor.server.forget());
  afterAll(async () => {
    await channel.close();
    await vendor.server.stop();
  });

  it('sends a text to a number, with and without its country', async () => {
    expect(await channel.send({ token: number }, message())).toEqual({ kind: 'accepted' });
    const withCountry = open({ countryCode: number.startsWith('+86') ? '86' : '1' });
    const national = number.replace(/^\+(86|1)/, '');
    expect(await withCountry.send({ token: national }, message({ id: '18' }))).toEqual({ kind: 'accepted' });
    expect(vendor.sent.slice(-2)).toMatchObject([{ token: number }, { token: number, body: message().body }]);
    await withCountry.close();
  });

  it('asks the vendor nothing about what is no number', async () => {
    for (const token of ['13800138000', '', 'alice', `${number}#`]) {
      const outcome = await channel.send({ token }, message());
      expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'not_e164', unasked: true });
    }
    expect(vendor.server.requests).toEqual([]);
  });

  it.each(codes.map(([answer, outcome, reason]) => ({ answer, outcome, reason })))(
    'takes $reason for $outcome',
    async ({ answer, outcome, reason }) => {
      vendor.server.next({ kind: 'answer', answer });
      expect(await channel.send({ token: number }, message())).toMatchObject({ kind: outcome, reason });
      expect(vendor.server.requests).toHaveLength(1);
    },
  );

  it('is not repeated where a gateway does not know what became of it', async () => {
    for (const status of [408, 500, 502, 504]) {
      vendor.server.next({ kind: 'answer', answer: { status, body: '<html>' } });
      const outcome = await channel.send({ token: number }, message());
      expect(outcome).toEqual({ kind: 'unknown', reason: `http_${status}` });
    }
  });
});

describe('a template or a sender of a push of its own that is wrong', () => {
  it.each([
    [twilio, startTwilio, TWILIO_NUMBER, { From: '+15550000000' }, '21212'],
    [aliyun, startAliyun, ALIYUN_NUMBER, { templateCode: 'SMS_0' }, 'isv.SMS_TEMPLATE_ILLEGAL'],
    [aliyun, startAliyun, ALIYUN_NUMBER, { signName: '\ud800' }, 'isv.SMS_SIGNATURE_ILLEGAL'],
    [tencent, startTencent, TENCENT_NUMBER, { templateId: '0' }, 'FailedOperation.TemplateUnapprovedOrNotExist'],
  ] as const)('refuses that push, and leaves $channel up', async (kind, start, token, override, reason) => {
    const vendor = await start();
    const { parseSettings, open } = kind as typeof twilio; // Safe: the settings are of its own kind.
    const channel = open(parseSettings(vendor.settings));
    expect(await channel.send({ token }, message({ override }))).toEqual({ kind: 'payload_bad', reason });
    await channel.close();
    await vendor.server.stop();
  });
});

describe('templates', () => {
  it('of Aliyun get the values of the settings, or those of the push with a template of its own', async () => {
    const vendor = await startAliyun();
    const templateParams = { content: '{title}: {text}', shop: 'ONE', id: '{id}' };
    const channel = aliyun.open(aliyun.parseSettings({ ...vendor.settings, templateParams }));
    const own = { templateCode: 'SMS_2', templateParam: { code: '1234' } };
    const hidden = { body: undefined, override: own };
    for (const fields of [{ title: 'Order' }, { override: own }, hidden]) {
      await channel.send({ token: ALIYUN_NUMBER }, message(fields));
    }
    const asked = vendor.server.requests.map(({ query }) => [
      query.get('TemplateCode'),
      JSON.parse(query.get('TemplateParam') ?? ''),
    ]);
    expect(asked).toEqual([
      ['SMS_152550005', { content: 'Order: Your order is on its way', shop: 'ONE', id: '17' }],
      ['SMS_2', { code: '1234' }],
      ['SMS_152550005', { content: ': You have a new message.', shop: 'ONE', id: '17' }],
    ]);
    await channel.close();
    await vendor.server.stop();
  });

  it('of Tencent get the values of the settings in order, or those of the push', async () => {
    const vendor = await startTencent();
    const channel = tencent.open(tencent.parseSettings({ ...vendor.settings, templateParams: ['{id}', '{text}'] }));
    const override = { templateId: '2220', templateParamSet: ['1234', '5'] };
    for (const fields of [{}, { override }]) await channel.send({ token: TENCENT_NUMBER }, message(fields));
    const asked = vendor.server.requests.map(({ body }) => JSON.parse(body.toString()));
    expect(asked).toMatchObject([
      { TemplateId: '1110', TemplateParamSet: ['17', 'Your order is on its way'] },
      { TemplateId: '2220', TemplateParamSet: ['1234', '5'] },
    ]);
    await channel.close();
    await vendor.server.stop();
  });
});
