import { createHash } from 'node:crypto';
import { vivo } from '../../../core/channel/vivo/index.js';
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

const APP_ID = 10004;
const APP_KEY = 'vivo-app-key';
const APP_SECRET = 'vivo-app-secret';
const TOKEN = '12345678901234567890123';
const MINUTES_10 = 600_000;

async function start(): Promise<RunningVendor> {
  const sent: SentMessage[] = [];
  const live = new Set<string>();
  let given = 0;

  function authorize(request: VendorRequest): VendorAnswer {
    const body = readJson(request) ?? {};
    const { appId, appKey, timestamp, sign } = body;
    if (appId !== APP_ID) return refuse(10205);
    if (appKey !== APP_KEY) return refuse(10202);
    if (!isWhole(timestamp, Date.now() - MINUTES_10, Date.now() + MINUTES_10)) return refuse(10207);
    const expected = createHash('md5').update(`${APP_ID}${APP_KEY}${timestamp}${APP_SECRET}`).digest('hex');
    if (sign !== expected) return refuse(10206);
    given += 1;
    live.add(`vivo-token-${given}`);
    return { status: 200, body: { result: 0, desc: 'ok', authToken: `vivo-token-${given}` } };
  }

  function send(request: VendorRequest): VendorAnswer {
    if (!live.has(request.headers.authtoken ?? '')) return refuse(10000);
    const body = readJson(request) ?? {};
    if (body.appId !== APP_ID) return refuse(10094);
    const size = (text: string): number => text.replaceAll(/[^\0-\x7f]/g, 'xx').length;
    if (!isText(body.title, 40) || size(body.title) > 40) return refuse(10056);
    if (!isText(body.content, 100) || size(body.content) > 100) return refuse(10058);
    if (!isWhole(body.timeToLive, 60, 86_400)) return refuse(10059);
    if (!isWhole(body.notifyType, 1, 4)) return refuse(10054);
    if (!isWhole(body.skipType, 1, 4)) return refuse(10060);
    if (!isWhole(body.notifyId, 1, 2 ** 31 - 1)) return refuse(10095);
    if (!isText(body.requestId, 64)) return refuse(10353);
    const custom = objectAt(body, 'clientCustomMap');
    if (Object.values(custom).some((value) => !isText(value, 1024))) return refuse(10067);
    if (body.regId !== TOKEN) return invalid(1, body.regId);
    sent.push({
      token: TOKEN,
      id: custom.id,
      key: body.notifyId,
      title: body.title,
      body: body.content,
      ttl: body.timeToLive,
      kind: 'ALERT',
    });
    return { status: 200, body: { result: 0, desc: 'ok', taskId: String(sent.length) } };
  }

  const server = await startVendorServer({
    handle: (request) =>
      request.path === '/message/auth'
        ? authorize(request)
        : request.path === '/message/send'
          ? send(request)
          : { status: 404 },
  });
  return {
    server,
    settings: { appId: String(APP_ID), appKey: APP_KEY, appSecret: APP_SECRET, baseUrl: server.url, ca: server.ca },
    sent,
    accessTokens: {
      get given() {
        return given;
      },
      expire: () => live.clear(),
    },
  };
}

const refuse = (result: number): VendorAnswer => ({ status: 200, body: { result, desc: 'refused' } });
const invalid = (status: number, userid: unknown): VendorAnswer => ({
  status: 200,
  body: { result: 10302, desc: 'refused', invalidUser: { status, userid } },
});

/** vivo, with a fake that checks signatures, tokens, lengths and numbers. */
export const vivoFixture: ChannelFixture = {
  name: 'vivo',
  kind: vivo,
  target: { token: TOKEN },
  start,
  wrongCredential: { appSecret: 'another-secret' },
  secrets: [APP_KEY, APP_SECRET],
  override: { json: { category: 'ORDER' }, shows: '"category":"ORDER"' },
  removesId: { clientCustomMap: null, regId: 'another' },
  dead: invalid(2, TOKEN),
  hasBadges: false,
  hasBackground: false,
  probe: 'ok',
};
