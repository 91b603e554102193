import { createECDH, type ECDH, randomBytes } from 'node:crypto';
import { decrypt } from 'http_ece';
import { importJWK, jwtVerify } from 'jose';
import webPushLibrary from 'web-push';
import { webPushKind } from '../../../core/channel/webpush/index.js';
import type { WakeTarget } from '../../../core/domain/wake.js';
import { type ChannelFixture, type RunningVendor, readJson } from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

/** A message as the push service got it, and as the browser has it decrypted. */
export interface PushedMessage {
  readonly headers: VendorRequest['headers'];
  readonly text: string;
}

/** A push service and its browsers. */
export interface RunningPushService extends RunningVendor {
  readonly pushed: PushedMessage[];
  /** Makes a subscription as a browser does, for the VAPID key of `settings`, or for another one. */
  subscribe(applicationServerKey?: string): WakeTarget & { keys: { p256dh: string; auth: string } };
}

interface Subscription {
  readonly keys: ECDH;
  readonly auth: string;
  readonly applicationServerKey: string;
}

/** The longest time that a service keeps a message, in seconds. */
const MAX_TTL = 2_419_200;
const VAPID = webPushLibrary.generateVAPIDKeys();

/** Starts a push service (RFC 8030, 8291, 8292), which checks the identification and decrypts with `http_ece`. */
export async function startPushService(): Promise<RunningPushService> {
  const subscriptions = new Map<string, Subscription>();
  const pushed: PushedMessage[] = [];
  const sent: RunningVendor['sent'] = [];
  const server = await startVendorServer({ handle });

  async function handle(request: VendorRequest): Promise<VendorAnswer> {
    const { headers, path, body } = request;
    const subscription = subscriptions.get(path);
    if (subscription === undefined) return { status: 410 };
    const { authorization } = headers;
    const status = await checkVapid(authorization, new URL(server.url).origin, subscription.applicationServerKey);
    if (status !== 200) return { status };
    const ttl = Number(headers.ttl ?? 'none');
    if (!Number.isInteger(ttl) || ttl < 0 || ttl > MAX_TTL) return { status: 400, body: 'ttl' };
    if (!/^(very-low|low|normal|high)$/.test(headers.urgency ?? 'normal')) return { status: 400, body: 'urgency' };
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(headers.topic ?? 'none')) return { status: 400, body: 'topic' };
    if (headers['content-encoding'] !== 'aes128gcm') return { status: 415 };
    if (body.length > 4096) return { status: 413 };
    const { keys: privateKey, auth: authSecret } = subscription;
    const text = decrypt(body, { version: 'aes128gcm', privateKey, authSecret }).toString();
    pushed.push({ headers, text });
    const payload = readJson({ body: Buffer.from(text) }) ?? {};
    const { id, tag: key, title, body: alert, badge } = payload;
    sent.push({ token: `${server.url}${path}`, id, key, title, body: alert, badge, ttl, kind: 'ALERT' });
    return { status: 201, headers: { location: `${server.url}/message/${pushed.length}` }, body: {} };
  }

  const settings = { ...VAPID, subject: 'mailto:push@example.com', allowedHosts: ['localhost'], ca: server.ca };
  const subscribe: RunningPushService['subscribe'] = (applicationServerKey = VAPID.publicKey) => {
    const path = `/push/${subscriptions.size + 1}`;
    const keys = createECDH('prime256v1');
    const p256dh = keys.generateKeys('base64url');
    const auth = randomBytes(16).toString('base64url');
    subscriptions.set(path, { keys, auth, applicationServerKey });
    return { token: `${server.url}${path}`, keys: { p256dh, auth } };
  };
  const lastText = (): string => pushed.at(-1)?.text ?? '';
  return { server, settings, sent, pushed, subscribe, target: subscribe(), lastText };
}

/** Returns 200, or the status with which the header is refused. */
async function checkVapid(header: string | undefined, origin: string, expectedKey: string): Promise<number> {
  const [, token, key] = /^vapid t=([^,]+), k=([A-Za-z0-9_-]{87})$/.exec(header ?? '') ?? [];
  if (token === undefined || key === undefined) return 401;
  if (key !== expectedKey) return 403;
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  try {
    const publicKey = await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256');
    const { payload } = await jwtVerify(token, publicKey, { audience: origin, requiredClaims: ['exp', 'sub'] });
    const isShort = (payload.exp ?? 0) <= Date.now() / 1000 + 86_400;
    return isShort && /^(mailto:|https:)/.test(payload.sub ?? '') ? 200 : 403;
  } catch {
    return 403;
  }
}

/** Web Push, with a push service that checks the identification, and browsers that decrypt. */
export const webPushFixture: ChannelFixture = {
  name: 'Web Push',
  kind: webPushKind,
  start: startPushService,
  secrets: [VAPID.privateKey],
  override: { json: { icon: '/from-the-override.png' }, shows: '/from-the-override.png' },
  removesId: { id: null, appId: null },
  dead: { status: 410 },
  hasBadges: true,
  hasBackground: 'as_alert',
  isStatusEnough: true,
  retryScope: 'token',
  probe: 'unsupported',
};
