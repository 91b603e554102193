import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { fcm } from '../../../core/channel/fcm/index.js';
import { type ChannelFixture, objectAt, type RunningVendor, readJson, type SentMessage } from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

/** A message that FCM took. */
export interface SentFcmMessage extends SentMessage {
  readonly message: Readonly<Record<string, unknown>>;
}

/** A fake FCM that runs, with Google's service of access tokens. It checks what the real ones check. */
export interface FakeFcm extends RunningVendor {
  readonly sent: SentFcmMessage[];
  readonly accessTokens: NonNullable<RunningVendor['accessTokens']>;
  /** Number of times that each message was taken, by its id. */
  readonly received: ReadonlyMap<string, number>;
  /** Answers so in place of taking what is valid; undefined: it takes it. */
  answerBy(decide: (token: string, id: string) => VendorAnswer | undefined): void;
  /** Google's clock is so many milliseconds ahead of ours from here on. */
  setClock(aheadMs: number): void;
  /** The next access tokens say that they live for so many seconds. */
  setLife(seconds: number): void;
}

const PROJECT = 'shop-4711';
const EMAIL = 'push@shop-4711.iam.gserviceaccount.com';
const KEY_ID = '0123456789abcdef0123456789abcdef01234567';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const TOKEN = 'cR1nGv:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYq1';
const MAX_BYTES = 4096;
const MAX_TTL = 2_419_200;
/** An assertion may be that far from Google's clock, in seconds. */
const SKEW = 300;

const newKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const OWN_KEY = newKey();
const STRANGE_KEY = newKey().privateKey;
let latestTokenUri = '';

/** Returns a token that FCM knows: there is one for each number. */
export function fcmToken(number: number): string {
  return number === 1 ? TOKEN : `${TOKEN}-${number}`;
}

/** Returns an error of FCM. `code`: that of FCM's own detail. */
export function fcmRefusal(
  status: number,
  name: string,
  code?: string,
  details: readonly Readonly<Record<string, unknown>>[] = [],
): VendorAnswer {
  const own = { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code };
  const all = code === undefined ? details : [own, ...details];
  return { status, body: { error: { code: status, message: 'refused', status: name, details: all } } };
}

/** Returns the answer to a field that is wrong. */
const violation = (field: string): VendorAnswer =>
  fcmRefusal(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: 'Invalid' }] },
  ]);

/** Starts an FCM for one project. */
export async function startFcm(): Promise<FakeFcm> {
  const sent: SentFcmMessage[] = [];
  const received = new Map<string, number>();
  const live = new Set<string>();
  const publicKey = await importSPKI(OWN_KEY.publicKey, 'RS256');
  let given = 0;
  let aheadMs = 0;
  let life = 3599;
  let decide: (token: string, id: string) => VendorAnswer | undefined = () => undefined;

  async function giveToken(request: VendorRequest): Promise<VendorAnswer> {
    const form = new URLSearchParams(request.body.toString());
    const refuse = (error: string): VendorAnswer => ({ status: 400, body: { error, error_description: 'refused' } });
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return refuse('unsupported_grant_type');
    try {
      const claims = { issuer: EMAIL, audience: `${server.url}/token`, algorithms: ['RS256'] };
      const now = Math.floor((Date.now() + aheadMs) / 1000);
      const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
        ...claims,
        currentDate: new Date(now * 1000),
      });
      const { iat = 0, exp = 0, scope } = payload;
      if (protectedHeader.kid !== KEY_ID || Math.abs(now - iat) > SKEW || exp - iat > 3600)
        return refuse('invalid_grant');
      if (scope !== SCOPE) return refuse('invalid_scope');
    } catch {
      return refuse('invalid_grant');
    }
    given += 1;
    live.add(`ya29.${given}`);
    return { status: 200, body: { access_token: `ya29.${given}`, expires_in: life, token_type: 'Bearer' } };
  }

  function send(request: VendorRequest): VendorAnswer {
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!live.has(bearer)) return fcmRefusal(401, 'UNAUTHENTICATED');
    const body = readJson(request);
    const read = readMessage(objectAt(body, 'message'));
    if ('status' in read) return read;
    const name = `projects/${PROJECT}/messages/${body?.validate_only === true ? 'fake_message_id' : randomUUID()}`;
    if (body?.validate_only !== true && read.message.topic === undefined) {
      const own = decide(read.token, String(read.id));
      if (own !== undefined) return own;
      sent.push(read);
      received.set(String(read.id), (received.get(String(read.id)) ?? 0) + 1);
    }
    return { status: 200, body: { name } };
  }

  const server = await startVendorServer({
    handle(request) {
      if (request.path === '/token') return giveToken(request);
      // As Google answers a project that there is not.
      return request.path === `/v1/projects/${PROJECT}/messages:send` ? send(request) : fcmRefusal(404, 'NOT_FOUND');
    },
  });
  latestTokenUri = `${server.url}/token`;
  return {
    server,
    settings: {
      serviceAccount: {
        type: 'service_account',
        project_id: PROJECT,
        private_key_id: KEY_ID,
        private_key: OWN_KEY.privateKey,
        client_email: EMAIL,
        token_uri: latestTokenUri,
      },
      baseUrl: server.url,
      ca: server.ca,
    },
    sent,
    received,
    accessTokens: {
      get given() {
        return given;
      },
      expire: () => live.clear(),
    },
    answerBy(next) {
      decide = next;
    },
    setClock(ahead) {
      aheadMs = ahead;
    },
    setLife(seconds) {
      life = seconds;
    },
  };
}

/** Reads a message, or returns what is wrong with it. */
function readMessage(message: Readonly<Record<string, unknown>>): SentFcmMessage | VendorAnswer {
  const targets = ['token', 'topic', 'condition'].filter((name) => message[name] !== undefined);
  if (targets.length !== 1) return violation('message');
  const data = objectAt(message, 'data');
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'string' || /^(from|message_type)$|^(google|gcm)\./.test(name))
      return violation('message.data');
  }
  const notification = objectAt(message, 'notification');
  const android = objectAt(message, 'android');
  const shown = objectAt(android, 'notification');
  const texts = [notification.title, notification.body, notification.image, shown.tag, shown.channel_id, shown.sound];
  if (texts.some((text) => text !== undefined && typeof text !== 'string')) return violation('message.notification');
  const ttl = Number(/^(\d+)s$/.exec(String(android.ttl ?? '0s'))?.[1]);
  if (!(ttl <= MAX_TTL)) return violation('message.android.ttl');
  if (!['NORMAL', 'HIGH', undefined].some((one) => one === android.priority))
    return violation('message.android.priority');
  const { notification_count: count } = shown;
  if (count !== undefined && !(Number.isInteger(count) && Number(count) >= 0)) return violation('message.android');
  // Without a word on which field it is.
  if (Buffer.byteLength(JSON.stringify({ notification, data })) > MAX_BYTES) return fcmRefusal(400, 'INVALID_ARGUMENT');
  const token = String(message.token);
  if (message.token !== undefined && !/^cR1nGv:APA91b[\w-]+$/.test(token)) return violation('message.token');
  // The suite makes an unknown token so.
  if (token.endsWith('x')) return fcmRefusal(404, 'NOT_FOUND', 'UNREGISTERED');
  const isBackground = message.notification === undefined;
  return {
    token,
    id: data.id,
    key: shown.tag,
    title: notification.title,
    body: notification.body,
    ttl,
    kind: isBackground ? 'BACKGROUND' : 'ALERT',
    message,
  };
}

/** FCM, with a fake that checks assertions, access tokens and every field of a message. */
export const fcmFixture: ChannelFixture = {
  name: 'FCM',
  kind: fcm,
  target: { token: TOKEN },
  start: startFcm,
  // At the token service of the fake that was started last.
  get wrongCredential() {
    const stranger = { project_id: PROJECT, private_key: STRANGE_KEY, client_email: EMAIL };
    return { serviceAccount: { ...stranger, token_uri: latestTokenUri } };
  },
  secrets: [OWN_KEY.privateKey, KEY_ID],
  override: { json: { android: { notification: { color: '#ff0000' } } }, shows: '"color":"#ff0000"' },
  removesId: { data: null, token: 'another' },
  dead: fcmRefusal(404, 'NOT_FOUND', 'UNREGISTERED'),
  throttled: { ...fcmRefusal(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), headers: { 'retry-after': '7' } },
  hasBadges: false,
  hasBackground: true,
  isHttp2: true,
  probe: 'ok',
};
