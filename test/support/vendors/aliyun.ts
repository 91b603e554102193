import { createHash, createHmac } from 'node:crypto';
import { aliyun } from '../../../core/channel/sms/aliyun.js';
import { type ChannelFixture, isText, type RunningVendor, readJson } from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

const KEY_ID = 'LTAI-test-key-id';
/** The secret of the key. */
export const ALIYUN_SECRET = 'aliyun-key-secret';
/** A number that gets short messages. */
export const ALIYUN_NUMBER = '+8613800138000';
const TEMPLATE = 'SMS_152550005';
const WINDOW_MS = 15 * 60_000;

/** Starts Aliyun's short messages, which compute the ACS3 signature of what came, and check number and template. */
export async function startAliyun(): Promise<RunningVendor> {
  const sent: RunningVendor['sent'] = [];
  const nonces = new Set<string>();
  const server = await startVendorServer({
    handle(request): VendorAnswer {
      const refusal = checkSignature(request, nonces);
      if (refusal !== undefined) return refuse(400, refusal);
      const { headers, query } = request;
      if (headers['x-acs-version'] !== '2017-05-25') return refuse(404, 'InvalidVersion');
      if (headers['x-acs-action'] === 'QuerySmsTemplate') {
        return { status: 200, body: { Code: 'OK', TemplateCode: query.get('TemplateCode'), TemplateStatus: 1 } };
      }
      if (headers['x-acs-action'] !== 'SendSms') return refuse(404, 'InvalidAction.NotFound');
      const param = readJson({ body: Buffer.from(query.get('TemplateParam') ?? '') });
      if (query.get('SignName') !== '阿里云 短信*测试') return refuse(200, 'isv.SMS_SIGNATURE_ILLEGAL');
      if (query.get('TemplateCode') !== TEMPLATE) return refuse(200, 'isv.SMS_TEMPLATE_ILLEGAL');
      if (param === undefined) return refuse(200, 'isv.INVALID_JSON_PARAM');
      if (!isText(param.content, 35)) return refuse(200, 'isv.PARAM_LENGTH_LIMIT');
      if (query.get('PhoneNumbers') !== '13800138000') return refuse(200, 'isv.MOBILE_NUMBER_ILLEGAL');
      sent.push({ token: ALIYUN_NUMBER, id: query.get('OutId'), body: param.content, kind: 'ALERT' });
      return {
        status: 200,
        body: { Code: 'OK', Message: 'OK', BizId: `9006195452565${sent.length}^0`, RequestId: 'r' },
      };
    },
  });
  const key = { accessKeyId: KEY_ID, accessKeySecret: ALIYUN_SECRET };
  const template = { signName: '阿里云 短信*测试', templateCode: TEMPLATE };
  return { server, settings: { ...key, ...template, baseUrl: server.url, ca: server.ca }, sent };
}

const refuse = (status: number, Code: string): VendorAnswer => ({
  status,
  body: { Code, Message: 'refused', RequestId: 'r', HostId: 'dysmsapi.aliyuncs.com' },
});

/** Returns the code with which the request is refused; undefined: it is signed well. */
function checkSignature(
  { method, path, query, headers, body }: VendorRequest,
  nonces: Set<string>,
): string | undefined {
  const [, keyId, names, signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]*),SignedHeaders=([^,]*),Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (keyId === undefined || names === undefined) return 'IncompleteSignature';
  if (keyId !== KEY_ID) return 'InvalidAccessKeyId.NotFound';
  const signed = names.split(';');
  const mustBe = Object.keys(headers).filter((name) => /^(host|content-type|x-acs-.*)$/.test(name));
  if (signed.join() !== mustBe.toSorted().join()) return 'IncompleteSignature';
  const date = headers['x-acs-date'] ?? '';
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date)) return 'InvalidTimeStamp.Format';
  if (Math.abs(Date.parse(date) - Date.now()) > WINDOW_MS) return 'InvalidTimeStamp.Expired';
  const hash = createHash('sha256').update(body).digest('hex');
  if (headers['x-acs-content-sha256'] !== hash) return 'SignatureDoesNotMatch';
  const sorted = [...query].map(([name, value]) => [rfc3986(name), rfc3986(value)].join('='));
  const head = signed.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
  const canonical = `${method}\n${path}\n${sorted.sort().join('&')}\n${head}\n${names}\n${hash}`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const computed = createHmac('sha256', ALIYUN_SECRET).update(`ACS3-HMAC-SHA256\n${digest}`).digest('hex');
  if (computed !== signature) return 'SignatureDoesNotMatch';
  const nonce = headers['x-acs-signature-nonce'] ?? '';
  if (nonces.has(nonce)) return 'SignatureNonceUsed';
  nonces.add(nonce);
  return undefined;
}

/** Percent-encodes every byte that is not unreserved. */
function rfc3986(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9_.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Aliyun, with a fake that computes the signature, and checks template and number. */
export const aliyunFixture: ChannelFixture = {
  name: 'Aliyun',
  kind: aliyun,
  target: { token: ALIYUN_NUMBER },
  start: startAliyun,
  wrongCredential: { accessKeySecret: 'another' },
  secrets: [ALIYUN_SECRET],
  override: { json: { templateParam: { content: 'from-the-override' } }, shows: 'from-the-override' },
  removesId: { OutId: null, PhoneNumbers: '13900139000' },
  hasBadges: false,
  hasBackground: 'as_alert',
  hasKey: false,
  isOnce: true,
  dead: refuse(200, 'isv.MOBILE_NUMBER_ILLEGAL'),
  probe: 'ok',
};
