import { twilio } from '../../../core/channel/sms/twilio.js';
import { type ChannelFixture, isText, isWhole, type RunningVendor } from './fixture.js';
import { startVendorServer, type VendorAnswer } from './server.js';

const SID = 'AC0123456789abcdef0123456789abcdef';
/** The secret of the account. */
export const TWILIO_TOKEN = 'twilio-auth-token';
/** A number that gets short messages. */
export const TWILIO_NUMBER = '+15558675310';

/** Starts a Twilio, which checks the account, the numbers and the text. */
export async function startTwilio(): Promise<RunningVendor> {
  const sent: RunningVendor['sent'] = [];
  const expected = `Basic ${Buffer.from(`${SID}:${TWILIO_TOKEN}`).toString('base64')}`;
  const server = await startVendorServer({
    handle({ path, method, headers, body }): VendorAnswer {
      if (headers.authorization !== expected) return refuse(401, 20_003);
      if (method === 'GET' && path === `/2010-04-01/Accounts/${SID}.json`) {
        return { status: 200, body: { sid: SID, status: 'active' } };
      }
      if (method !== 'POST' || path !== `/2010-04-01/Accounts/${SID}/Messages.json`) return refuse(404, 20_404);
      const form = new URLSearchParams(body.toString());
      const [to, text, ttl] = [form.get('To') ?? '', form.get('Body'), Number(form.get('ValidityPeriod'))];
      if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(400, 21_211);
      if (form.get('From') !== '+15017122661') return refuse(400, 21_212);
      if (!isText(text, 1600)) return refuse(400, 21_617);
      if (!isWhole(ttl, 1, 36_000)) return refuse(400, 21_624);
      if (to !== TWILIO_NUMBER) return refuse(400, 21_614);
      sent.push({ token: to, id: undefined, body: text, ttl, kind: 'ALERT' });
      return { status: 201, body: { sid: `SM${sent.length}`, status: 'queued', error_code: null } };
    },
  });
  const settings = { accountSid: SID, authToken: TWILIO_TOKEN, from: '+15017122661' };
  return { server, settings: { ...settings, baseUrl: server.url, ca: server.ca }, sent };
}

const refuse = (status: number, code: number): VendorAnswer => ({
  status,
  body: { code, message: 'refused', more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

/** Twilio, with a fake that checks the account, the sender, the number and the text. */
export const twilioFixture: ChannelFixture = {
  name: 'Twilio',
  kind: twilio,
  target: { token: TWILIO_NUMBER },
  start: startTwilio,
  wrongCredential: { authToken: 'another' },
  secrets: [TWILIO_TOKEN],
  override: { json: { MediaUrl: 'https://example.com/m' }, shows: 'MediaUrl=https' },
  removesId: { To: '+15550000000', From: null },
  hasBadges: false,
  hasBackground: 'as_alert',
  hasKey: false,
  isOnce: true,
  hasId: false,
  dead: refuse(400, 21_610),
  probe: 'ok',
};
