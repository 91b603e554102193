import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { hms } from '../../../core/channel/hms/index.js';
import {
  type ChannelFixture,
  isText,
  isWhole,
  objectAt,
  type RunningVendor,
  readJson,
  type SentMessage,
} from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

const PROJECT = '388421841222';
const CLIENT = { id: '100123456', secret: 'hms-client-secret' };
const ACCOUNT = { key_id: 'hms-key-id', sub_account: '107123456' };
const AUDIENCE = 'https://oauth-login.cloud.huawei.com/oauth2/v3/token';
const TOKEN = 'IQAAAACy0tEjgAA1234567890abcdefghijklmnop4Tw';
const MAX_TTL = 1_296_000;

const newKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

const accountKey = newKey();
const account = (privateKey: string) => ({ project_id: PROJECT, private_key: privateKey, ...ACCOUNT });

const answer = (code: string, msg = 'refused', status = 200): VendorAnswer => ({
  status,
  body: { code, msg, requestId: '157' },
});
const illegal = (cause: string): VendorAnswer =>
  answer('80300007', JSON.stringify({ illegalTokens: { [cause]: [TOKEN] }, success: 0, failure: 1 }));

/** Checks what both versions share. */
function isSmall(request: VendorRequest): boolean {
  return request.body.length - TOKEN.length <= 4096;
}

async function startV3(): Promise<RunningVendor> {
  const sent: SentMessage[] = [];
  const publicKey = await importSPKI(accountKey.publicKey, 'PS256');

  async function send(request: VendorRequest): Promise<VendorAnswer> {
    const jwt = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const claims = { audience: AUDIENCE, issuer: ACCOUNT.sub_account, algorithms: ['PS256'] };
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, claims);
      if (protectedHeader.kid !== ACCOUNT.key_id || protectedHeader.typ !== 'JWT') return answer('80200001', '', 401);
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > 86_400) return answer('80300036');
    } catch {
      return answer('80200001', 'Authentication Error.', 401);
    }
    if (!isSmall(request)) return answer('80300008', 'Push message size is too long.', 400);
    const body = readJson(request);
    const payload = objectAt(body, 'payload');
    const notification = objectAt(payload, 'notification');
    const click = objectAt(notification, 'clickAction');
    const ttl = objectAt(body, 'pushOptions').ttl;
    const isBackground = request.headers['push-type'] === '6';
    if (!isBackground && request.headers['push-type'] !== '0') return answer('80100001', '', 400);
    const badge = notification.badge === undefined ? undefined : objectAt(notification, 'badge').setNum;
    const isRight =
      isWhole(ttl, 1, MAX_TTL) &&
      (isBackground
        ? isText(payload.extraData, 4096)
        : isText(notification.category, 64) &&
          isText(notification.title, 4096) &&
          isText(notification.body, 4096) &&
          isWhole(click.actionType, 0, 1) &&
          isWhole(notification.notifyId, 0, 2 ** 31 - 1) &&
          (badge === undefined || isWhole(badge, 0, 99)));
    if (!isRight || typeof ttl !== 'number') return answer('80100003', 'Illegal payload', 400);
    const [token, ...more] = [objectAt(body, 'target').token].flat();
    if (token !== TOKEN || more.length > 0) return illegal('tokenFormatError');
    const data = isBackground ? readJson({ body: Buffer.from(String(payload.extraData)) }) : objectAt(click, 'data');
    sent.push({
      token,
      id: data?.id,
      key: notification.notifyId,
      title: notification.title,
      body: notification.body,
      badge,
      ttl,
      kind: isBackground ? 'BACKGROUND' : 'ALERT',
    });
    return answer('80000000', 'Success');
  }

  const server = await startVendorServer({
    handle: (request) => (request.path === `/v3/${PROJECT}/messages:send` ? send(request) : { status: 404 }),
  });
  return {
    server,
    settings: { version: 'v3', serviceAccount: account(accountKey.privateKey), baseUrl: server.url, ca: server.ca },
    sent,
  };
}

async function startV1(): Promise<RunningVendor> {
  const sent: SentMessage[] = [];
  const live = new Set<string>();
  let given = 0;

  function authorize(request: VendorRequest): VendorAnswer {
    const form = new URLSearchParams(request.body.toString());
    const isRight =
      form.get('grant_type') === 'client_credentials' &&
      form.get('client_id') === CLIENT.id &&
      form.get('client_secret') === CLIENT.secret;
    if (!isRight) return { status: 400, body: { error: 1101, sub_error: 20001, error_description: 'invalid' } };
    given += 1;
    live.add(`hms-token-${given}`);
    return { status: 200, body: { access_token: `hms-token-${given}`, expires_in: 3600, token_type: 'Bearer' } };
  }

  function send(request: VendorRequest): VendorAnswer {
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!live.has(bearer)) return answer('80200003', 'access token expired', 401);
    if (!isSmall(request)) return answer('80300008', '', 400);
    const body = readJson(request);
    const message = objectAt(body, 'message');
    const android = objectAt(message, 'android');
    const notification = objectAt(android, 'notification');
    const isBackground = android.notification === undefined;
    const ttl = Number(/^(\d+)s$/.exec(String(android.ttl))?.[1]);
    const badge = notification.badge === undefined ? undefined : objectAt(notification, 'badge').set_num;
    const isRight =
      isWhole(ttl, 1, MAX_TTL) &&
      isText(message.data, 4096) &&
      (isBackground ||
        (isText(notification.title, 4096) &&
          isText(notification.body, 4096) &&
          isWhole(notification.notify_id, 0, 2 ** 31 - 1) &&
          isWhole(objectAt(notification, 'click_action').type, 1, 3) &&
          (badge === undefined || isWhole(badge, 0, 99))));
    if (!isRight) return answer('80100003', 'Illegal payload', 400);
    const [token, ...more] = [message.token].flat();
    if (token !== TOKEN || more.length > 0) return answer('80300007', 'All the tokens are invalid');
    if (body?.validate_only === true) return answer('80000000', 'Success');
    sent.push({
      token,
      id: readJson({ body: Buffer.from(String(message.data)) })?.id,
      key: notification.notify_id,
      title: notification.title,
      body: notification.body,
      badge,
      ttl,
      kind: isBackground ? 'BACKGROUND' : 'ALERT',
    });
    return answer('80000000', 'Success');
  }

  const server = await startVendorServer({
    handle(request) {
      if (request.path === '/oauth2/v3/token') return authorize(request);
      return request.path === `/v1/${CLIENT.id}/messages:send` ? send(request) : { status: 404 };
    },
  });
  return {
    server,
    settings: {
      version: 'v1',
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      badgeClass: 'com.example.app.MainActivity',
      tokenUri: `${server.url}/oauth2/v3/token`,
      baseUrl: server.url,
      ca: server.ca,
    },
    sent,
    accessTokens: {
      get given() {
        return given;
      },
      expire: () => live.clear(),
    },
  };
}

/** HMS v3, with a fake that checks the JWT, the header `push-type`, sizes and numbers. */
export const hmsV3Fixture: ChannelFixture = {
  name: 'HMS v3',
  kind: hms,
  target: { token: TOKEN },
  start: startV3,
  wrongCredential: { serviceAccount: account(newKey().privateKey) },
  secrets: [accountKey.privateKey],
  override: { json: { payload: { notification: { foregroundShow: true } } }, shows: '"foregroundShow":true' },
  removesId: { payload: { notification: { clickAction: { data: null } } }, target: { token: ['another'] } },
  dead: illegal('tokenFormatError'),
  hasBadges: true,
  hasBackground: true,
  probe: 'ok',
};

/** HMS v1, with a fake that checks the access token, sizes and numbers. */
export const hmsV1Fixture: ChannelFixture = {
  name: 'HMS v1',
  kind: hms,
  target: { token: TOKEN },
  start: startV1,
  wrongCredential: { clientSecret: 'another-secret' },
  secrets: [CLIENT.secret],
  override: { json: { message: { android: { bi_tag: 'spring' } } }, shows: '"bi_tag":"spring"' },
  removesId: { message: { data: '', android: { data: '{"id":"another"}' }, token: ['another'] } },
  hasBadges: true,
  hasBackground: true,
  probe: 'ok',
};
