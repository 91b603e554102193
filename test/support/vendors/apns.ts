import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { apns } from '../../../core/channel/apns/index.js';
import { isRecord } from '../../../core/channel/http-outcome.js';
import { type ChannelFixture, type RunningVendor, readJson, type SentMessage } from './fixture.js';
import { startVendorServer, type VendorAnswer, type VendorRequest } from './server.js';

/** A notification that APNs took. */
export interface SentNotification extends SentMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

type Decide = (token: string, id: string) => VendorAnswer | 'silence' | undefined;

/** A fake APNs that runs. It checks what the real one checks. */
export interface FakeApns extends RunningVendor {
  readonly sent: SentNotification[];
  /** Number of times that each message was taken, by its id. */
  readonly received: ReadonlyMap<string, number>;
  /**
   * Answers so in place of taking what is valid; undefined: it takes it.
   *
   * @param decide told the device's token and the message's id
   */
  answerBy(decide: Decide): void;
  /** The clock of APNs is so many milliseconds ahead of ours from here on. */
  setClock(aheadMs: number): void;
}

/** The account that the fake APNs knows, and that of a stranger. */
const TEAM = 'TEAM123456';
const KEY_ID = 'KEY1234567';
const BUNDLE = 'com.example.app';
const newKey = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const OWN_KEY = newKey();

/** Streams of a connection before its first valid JWT, and after it. */
const FIRST_STREAMS = 1;
const STREAMS = 1000;
const HOUR_MS = 3_600_000;
const MAX_BYTES = 4096;
/** A JWT may be that much ahead, in milliseconds. */
const AHEAD_MS = 60_000;
/** Time between two JWTs on one connection, in milliseconds. */
const UPDATE_MS = 20 * 60_000;

/** Returns an answer that names a reason, as APNs does. */
export function apnsRefusal(
  status: number,
  reason: string,
  more: Readonly<Record<string, unknown>> = {},
): VendorAnswer {
  return { status, body: { reason, ...more } };
}

/** Returns a token that APNs knows: there is one for each number. */
export function apnsToken(number: number): string {
  return `a${number.toString(16).padStart(63, '0')}`;
}

/** Starts an APNs for one app. */
export async function startApns(): Promise<FakeApns> {
  const sent: SentNotification[] = [];
  const received = new Map<string, number>();
  const checkJwt = createJwtCheck();
  let aheadMs = 0;
  let decide: Decide = () => undefined;

  async function handle(request: VendorRequest): Promise<VendorAnswer | 'silence'> {
    if (request.method !== 'POST') return apnsRefusal(405, 'MethodNotAllowed');
    const token = /^\/3\/device\/([^/]*)$/.exec(request.path)?.[1];
    if (token === undefined) return apnsRefusal(404, 'BadPath');
    const now = Date.now() + aheadMs;
    const refusal = await checkJwt(request, now);
    if (refusal !== undefined) return refusal;
    allowStreams(request.connection);
    const read = readNotification(request, token, now);
    if ('status' in read) return read;
    const own = decide(token, String(read.id));
    if (own !== undefined) return own;
    sent.push(read);
    received.set(String(read.id), (received.get(String(read.id)) ?? 0) + 1);
    return { status: 200, headers: { 'apns-id': crypto.randomUUID() } };
  }

  const allowed = new Set<number>();
  function allowStreams(connection: number): void {
    if (allowed.has(connection)) return;
    allowed.add(connection);
    for (const [session, known] of server.sessions) {
      if (known.connection === connection && !session.destroyed) session.settings({ maxConcurrentStreams: STREAMS });
    }
  }

  const server = await startVendorServer({ handle, settings: { maxConcurrentStreams: FIRST_STREAMS } });
  return {
    server,
    settings: {
      teamId: TEAM,
      keyId: KEY_ID,
      privateKey: OWN_KEY.privateKey,
      bundle: BUNDLE,
      baseUrl: server.url,
      ca: server.ca,
    },
    sent,
    received,
    answerBy(next) {
      decide = next;
    },
    setClock(ahead) {
      aheadMs = ahead;
    },
  };
}

/** Returns what checks the JWT of a request, and how often each connection has another one. */
function createJwtCheck() {
  const verified = new Map<string, { iatMs: number }>();
  const latest = new Map<number, { jwt: string; since: number }>();

  return async ({ headers, connection }: VendorRequest, now: number): Promise<VendorAnswer | undefined> => {
    const jwt = /^bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (jwt === undefined) return apnsRefusal(403, 'MissingProviderToken');
    let known = verified.get(jwt);
    if (known === undefined) {
      try {
        const key = await importSPKI(OWN_KEY.publicKey, 'ES256');
        const { payload, protectedHeader } = await jwtVerify(jwt, key, { algorithms: ['ES256'], issuer: TEAM });
        const { kid } = protectedHeader;
        if (kid !== KEY_ID || payload.iat === undefined) return apnsRefusal(403, 'InvalidProviderToken');
        known = { iatMs: payload.iat * 1000 };
        verified.set(jwt, known);
      } catch {
        return apnsRefusal(403, 'InvalidProviderToken');
      }
    }
    if (now - known.iatMs > HOUR_MS || known.iatMs - now > AHEAD_MS) return apnsRefusal(403, 'ExpiredProviderToken');
    const last = latest.get(connection);
    if (last !== undefined && last.jwt !== jwt && now - last.since < UPDATE_MS) {
      return apnsRefusal(429, 'TooManyProviderTokenUpdates');
    }
    if (last?.jwt !== jwt) latest.set(connection, { jwt, since: now });
    return undefined;
  };
}

/** Reads a notification, or returns what is wrong with it. */
function readNotification(request: VendorRequest, token: string, now: number): SentNotification | VendorAnswer {
  const { headers, body } = request;
  const key = headers['apns-collapse-id'];
  const expiration = Number(headers['apns-expiration']);
  const type = headers['apns-push-type'];
  const priority = headers['apns-priority'] ?? '10';
  if (headers['apns-topic'] === undefined) return apnsRefusal(400, 'MissingTopic');
  if (headers['apns-topic'] !== BUNDLE) return apnsRefusal(400, 'TopicDisallowed');
  if (key !== undefined && Buffer.byteLength(key) > 64) return apnsRefusal(400, 'BadCollapseId');
  // Milliseconds in place of seconds are the usual mistake.
  if (!Number.isInteger(expiration) || expiration * 1000 > now + 31 * 24 * HOUR_MS) {
    return apnsRefusal(400, 'BadExpirationDate');
  }
  if (type !== 'alert' && type !== 'background') return apnsRefusal(400, 'InvalidPushType');
  const isBackground = type === 'background';
  if (!(isBackground ? ['5', '1'] : ['10', '5', '1']).includes(priority)) return apnsRefusal(400, 'BadPriority');
  if (body.length > MAX_BYTES) return apnsRefusal(413, 'PayloadTooLarge');
  const payload = readJson(request);
  const aps = payload?.aps;
  if (payload === undefined || !isRecord(aps)) return apnsRefusal(400, 'PayloadEmpty');
  const isShown =
    isRecord(aps.alert) || typeof aps.alert === 'string' || aps.badge !== undefined || aps.sound !== undefined;
  if (isBackground ? aps['content-available'] !== 1 || isShown : !isShown) return apnsRefusal(400, 'InvalidPushType');
  // No device has a token of zeros; others have one of any length.
  if (!/^([0-9a-f]{2}){32,100}$/i.test(token) || /^0+$/.test(token)) return apnsRefusal(400, 'BadDeviceToken');
  const alert = isRecord(aps.alert) ? aps.alert : { body: aps.alert };
  return {
    token,
    id: payload.id,
    key,
    title: alert.title,
    body: alert.body,
    badge: aps.badge,
    ttl: expiration - Math.floor(now / 1000),
    kind: isBackground ? 'BACKGROUND' : 'ALERT',
    headers,
    payload,
  };
}

/** APNs, with a fake that checks the JWT, the streams of a connection, headers, sizes, and types against priorities. */
export const apnsFixture: ChannelFixture = {
  name: 'APNs',
  kind: apns,
  target: { token: apnsToken(1) },
  start: startApns,
  wrongCredential: { privateKey: newKey().privateKey },
  secrets: [OWN_KEY.privateKey],
  override: { json: { aps: { 'relevance-score': 0.5 } }, shows: '"relevance-score":0.5' },
  removesId: { id: null, appId: 7 },
  dead: apnsRefusal(410, 'Unregistered', { timestamp: Date.now() }),
  throttled: { ...apnsRefusal(429, 'TooManyRequests'), headers: { 'retry-after': '7' } },
  hasBadges: true,
  hasBackground: true,
  isStatusEnough: true,
  isHttp2: true,
  probe: 'ok',
};
