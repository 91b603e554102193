import { miPush } from '../../../core/channel/mipush/index.js';
import { type ChannelFixture, isText, isWhole, type RunningVendor, readJson, type SentMessage } from './fixture.js';
import { startVendorServer, type VendorAnswer } from './server.js';

const SECRET = 'mipush-app-secret';
const PACKAGE = 'com.example.app';
const TOKEN = 'd//igwEhgBGCI2TG6lWqlGbCrVwXEy3TzMGqZdWMjP6tXo2aTQd1mDg5Xqv8ZlJp';

async function start(): Promise<RunningVendor> {
  const sent: SentMessage[] = [];

  function send(form: URLSearchParams): VendorAnswer {
    if (form.get('restricted_package_name') !== PACKAGE) return refuse(22022);
    const [title, body, ttl] = [form.get('title'), form.get('description'), Number(form.get('time_to_live'))];
    const isBackground = form.get('pass_through') === '1';
    if (!isText(form.get('payload'), 4096) || !isWhole(ttl, 1, 864_000_000)) return refuse(10017);
    if (!isBackground && !(isText(title, 49) && isText(body, 127))) return refuse(10017);
    if (!isBackground && form.get('extra.channel_id') === null) return refuse(27001);
    if (!isBackground && !isWhole(Number(form.get('notify_id')), 1, 2 ** 31 - 1)) return refuse(10017);
    if (form.get('registration_id') !== TOKEN) return refuse(66007);
    const { id } = readJson({ body: Buffer.from(form.get('payload') ?? '') }) ?? {};
    const key = form.get('notify_id');
    sent.push({ token: TOKEN, id, key, title, body, ttl: ttl / 1000, kind: isBackground ? 'BACKGROUND' : 'ALERT' });
    return { status: 200, body: { result: 'ok', code: 0, data: { id: `mi-${sent.length}` } } };
  }

  const server = await startVendorServer({
    handle(request) {
      if (request.path !== '/v3/message/regid') return { status: 404 };
      if (request.headers.authorization !== `key=${SECRET}`) return refuse(21301);
      return send(new URLSearchParams(request.body.toString()));
    },
  });
  return {
    server,
    settings: { appSecret: SECRET, package: PACKAGE, channelId: '104551', baseUrl: server.url, ca: server.ca },
    sent,
  };
}

const refuse = (code: number): VendorAnswer => ({
  status: 200,
  body: { result: 'error', code, reason: 'refused', trace_id: 'Xcm', description: 'refused' },
});

/** MiPush, with a fake that checks the secret, the form, lengths and the channel. */
export const miPushFixture: ChannelFixture = {
  name: 'MiPush',
  kind: miPush,
  target: { token: TOKEN },
  start,
  wrongCredential: { appSecret: 'another-secret' },
  secrets: [SECRET],
  override: { json: { 'extra.locale': 'zh_CN' }, shows: 'extra.locale=zh_CN' },
  removesId: { payload: null, registration_id: 'another' },
  hasBadges: false,
  hasBackground: true,
  probe: 'ok',
};
