import { createHash, createHmac } from 'node:crypto';

/** A request of an API of Tencent Cloud. */
export interface TencentRequest {
  readonly host: string;
  /** The first part of the vendor's host: `sms`. */
  readonly service: string;
  /** JSON. */
  readonly body: string;
}

const ALGORITHM = 'TC3-HMAC-SHA256';
const CONTENT_TYPE = 'application/json; charset=utf-8';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Signs a request as Tencent Cloud's "Signature v3" says; returns the headers to be sent with it. */
export function signTencent(
  { host, service, body }: TencentRequest,
  { secretId, secretKey }: { readonly secretId: string; readonly secretKey: string },
  now = new Date(),
): Record<string, string> {
  const date = now.toISOString().slice(0, 10);
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const names = 'content-type;host';
  const canonical = ['POST', '/', '', `content-type:${CONTENT_TYPE}\nhost:${host}\n`, names, sha256(body)].join('\n');
  const scope = `${date}/${service}/tc3_request`;
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  const signature = hmac(key, [ALGORITHM, timestamp, scope, sha256(canonical)].join('\n')).toString('hex');
  return {
    host,
    'content-type': CONTENT_TYPE,
    'x-tc-timestamp': timestamp,
    authorization: `${ALGORITHM} Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
