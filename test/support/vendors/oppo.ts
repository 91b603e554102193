import { createHash } from 'node:crypto';
import { oppo } from '../../../core/channel/oppo/index.js';
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

const APP_KEY = 'oppo-app-key';
const MASTER_SECRET = 'oppo-master-secret';
const TOKEN = 'CN_b6bbd94b59cdb5df8391642c1509b7fe';
const MINUTES_10 = 600_000;

async function start(): Promise<RunningVendor> {
  const sent: SentMessage[] = [];
  const live = new Set<string>();
  let given = 0;

  function authorize(form: URLSearchParams): VendorAnswer {
    const timestamp = form.get('timestamp') ?? '';
    if (form.get('app_key') !== APP_KEY) return refuse(14);
    if (!isWhole(Number(timestamp), Date.now() - MINUTES_10, Date.now() + MINUTES_10)) return refuse(19);
    const expected = createHash('sha256').update(`${APP_KEY}${timestamp}${MASTER_SECRET}`).digest('hex');
    if (form.get('sign') !== expected) return refuse(16);
    given += 1;
    live.add(`oppo-token-${given}`);
    const data = { auth_token: `oppo-token-${given}`, create_time: Date.now() };
    return { status: 200, body: { code: 0, message: 'Success', data } };
  }

  function send(form: URLSearchParams): VendorAnswer {
    if (!live.has(form.get('auth_token') ?? '')) return refuse(11);
    const message = readJson({ body: Buffer.from(form.get('message') ?? '') });
    const notification = objectAt(message, 'notification');
    const { title, content, off_line_ttl: ttl, action_parameters: parameters, notify_id: key } = notification;
    const isRight =
      message?.target_type === 2 &&
      isText(title, 50) &&
      isText(content, 50) &&
      isText(notification.app_message_id, 64) &&
      isText(parameters, 4000) &&
      isWhole(ttl, 1, 864_000) &&
      isWhole(key, 1, 2 ** 31 - 1);
    if (!isRight) return refuse(41);
    if (message?.target_value !== TOKEN) return refuse(10000);
    const { id } = readJson({ body: Buffer.from(parameters) }) ?? {};
    if (notification.app_message_id !== id) return refuse(41);
    sent.push({ token: TOKEN, id, key, title, body: content, ttl, kind: 'ALERT' });
    return { status: 200, body: { code: 0, message: 'Success', data: { messageId: String(sent.length) } } };
  }

  const server = await startVendorServer({
    handle(request: VendorRequest) {
      if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return refuse(25);
      const form = new URLSearchParams(request.body.toString());
      if (request.path === '/server/v1/auth') return authorize(form);
      return request.path === '/server/v1/message/notification/unicast' ? send(form) : refuse(20);
    },
  });
  return {
    server,
    settings: { appKey: APP_KEY, masterSecret: MASTER_SECRET, channelId: 'news', baseUrl: server.url, ca: server.ca },
    sent,
    accessTokens: {
      get given() {
        return given;
      },
      expire: () => live.clear(),
    },
  };
}

const refuse = (code: number): VendorAnswer => ({ status: 200, body: { code, message: 'refused' } });

/** OPPO, with a fake that checks signatures, tokens, forms and lengths. */
export const oppoFixture: ChannelFixture = {
  name: 'OPPO',
  kind: oppo,
  target: { token: TOKEN },
  start,
  wrongCredential: { masterSecret: 'another-secret' },
  secrets: [MASTER_SECRET],
  override: { json: { show_ttl: 3600 }, shows: encodeURIComponent('"show_ttl":3600') },
  removesId: { action_parameters: null, app_message_id: null },
  hasBadges: false,
  hasBackground: false,
  probe: 'ok',
};
