import { createHash, createHmac } from 'node:crypto';
import { tencent } from '../../../core/channel/sms/tencent.js';
import { type ChannelFixture, isText, type RunningVendor, readJson } from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

const SECRET_ID = 'AKID-test-secret-id';
/** The secret of the key. */
export const TENCENT_SECRET = 'tencent-secret-key';
/** A number that gets short messages. */
export const TENCENT_NUMBER = '+8618501234444';
const WINDOW_SECONDS = 300;

/** Starts Tencent's short messages, which compute the TC3 signature of what came, and check number and template. */
export async function startTencent(): Promise<RunningVendor> {
  const sent: RunningVendor['sent'] = [];
  const server = await startVendorServer({
    handle(request): VendorAnswer {
      const refusal = checkSignature(request);
      if (refusal !== undefined) return refuse(refusal);
      const { headers, body } = request;
      if (headers['x-tc-version'] !== '2021-01-11') return refuse('NoSuchVersion');
      if (headers['x-tc-region'] !== 'ap-guangzhou') return refuse('UnsupportedRegion');
      const asked = readJson({ body }) ?? {};
      if (headers['x-tc-action'] === 'DescribeSmsTemplateList') {
        const isAsked = Array.isArray(asked.TemplateIdSet) && typeof asked.International === 'number';
        return isAsked ? respond({ DescribeTemplateStatusSet: [{ TemplateId: 1110 }] }) : refuse('MissingParameter');
      }
      if (headers['x-tc-action'] !== 'SendSms') return refuse('InvalidAction');
      if (asked.SmsSdkAppId !== '1400006666') return refuse('UnauthorizedOperation.SmsSdkAppIdVerifyFail');
      const { PhoneNumberSet: numbers, TemplateParamSet: values, SessionContext: id } = asked;
      if (!Array.isArray(numbers) || numbers.length !== 1) return refuse('InvalidParameter');
      if (asked.SignName !== '腾讯云') return status('FailedOperation.SignatureIncorrectOrUnapproved');
      if (asked.TemplateId !== '1110') return status('FailedOperation.TemplateUnapprovedOrNotExist');
      if (!Array.isArray(values) || values.length !== 1 || !isText(values[0], 40)) {
        return status('InvalidParameterValue.TemplateParameterLengthLimit');
      }
      if (numbers[0] !== TENCENT_NUMBER) return status('InvalidParameterValue.IncorrectPhoneNumber');
      sent.push({ token: TENCENT_NUMBER, id, body: values[0], kind: 'ALERT' });
      return status('Ok');
    },
  });
  const key = { secretId: SECRET_ID, secretKey: TENCENT_SECRET, region: 'ap-guangzhou' };
  const template = { sdkAppId: '1400006666', signName: '腾讯云', templateId: '1110', maxText: 40 };
  return { server, settings: { ...key, ...template, baseUrl: server.url, ca: server.ca }, sent };
}

const respond = (response: object): VendorAnswer => ({
  status: 200,
  body: { Response: { ...response, RequestId: 'a0aabda6-cf91-4f3e-a81f-9198114a2279' } },
});
const refuse = (Code: string): VendorAnswer => respond({ Error: { Code, Message: 'refused' } });
const status = (Code: string): VendorAnswer =>
  respond({ SendStatusSet: [{ SerialNo: '5000:1045710669157053657849499619', Fee: 1, Code, Message: 'text' }] });

/** Returns the code with which the request is refused; undefined: it is signed well. */
function checkSignature({ method, path, headers, body }: VendorRequest): string | undefined {
  const [, keyId, date, service, names, signature] =
    /^TC3-HMAC-SHA256 Credential=([^/]+)\/([\d-]+)\/(\w+)\/tc3_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (keyId === undefined || date === undefined || service !== 'sms' || names === undefined) {
    return 'AuthFailure.InvalidAuthorization';
  }
  if (keyId !== SECRET_ID) return 'AuthFailure.SecretIdNotFound';
  const seconds = Number(headers['x-tc-timestamp']);
  if (!(Math.abs(seconds - Date.now() / 1000) <= WINDOW_SECONDS)) return 'AuthFailure.SignatureExpire';
  if (new Date(seconds * 1000).toISOString().slice(0, 10) !== date) return 'AuthFailure.SignatureFailure';
  const signed = names.split(';');
  if (!signed.includes('host') || !signed.includes('content-type')) return 'AuthFailure.InvalidAuthorization';
  const hash = createHash('sha256').update(body).digest('hex');
  const head = signed.map((name) => `${name}:${headers[name]?.trim().toLowerCase()}\n`).join('');
  const canonical = createHash('sha256').update(`${method}\n${path}\n\n${head}\n${names}\n${hash}`).digest('hex');
  const scope = `${date}/${service}/tc3_request`;
  let key: Buffer | string = `TC3${TENCENT_SECRET}`;
  for (const part of [date, service, 'tc3_request']) key = createHmac('sha256', key).update(part).digest();
  const text = `TC3-HMAC-SHA256\n${seconds}\n${scope}\n${canonical}`;
  const computed = createHmac('sha256', key).update(text).digest('hex');
  return computed === signature ? undefined : 'AuthFailure.SignatureFailure';
}

/** Tencent, with a fake that computes the signature, and checks template and number. */
export const tencentFixture: ChannelFixture = {
  name: 'Tencent',
  kind: tencent,
  target: { token: TENCENT_NUMBER },
  start: startTencent,
  wrongCredential: { secretKey: 'another' },
  secrets: [TENCENT_SECRET],
  override: { json: { templateParamSet: ['from-the-override'] }, shows: 'from-the-override' },
  removesId: { SessionContext: null, PhoneNumberSet: ['+8613900139000'] },
  hasBadges: false,
  hasBackground: 'as_alert',
  hasKey: false,
  isOnce: true,
  dead: status('FailedOperation.PhoneNumberInBlacklist'),
  probe: 'ok',
};
