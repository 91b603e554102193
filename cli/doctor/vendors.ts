import { isListening } from './ask.js';
import { type Check, ok, warn } from './check.js';

/** Hosts that a core calls, by channel: those of docs/channels.md. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  APNS: ['api.push.apple.com'],
  FCM: ['fcm.googleapis.com', 'oauth2.googleapis.com'],
  HMS: ['push-api.cloud.huawei.com', 'oauth-login.cloud.huawei.com'],
  MIPUSH: ['api.xmpush.xiaomi.com'],
  OPPO: ['api.push.oppomobile.com'],
  VIVO: ['api-push.vivo.com.cn'],
};

/** Tries to connect to the hosts of the vendors; nothing is sent to them. */
export function checkVendors(hosts = HOSTS, port = 443): Promise<Check[]> {
  const places = Object.entries(hosts).flatMap(([channel, names]) => names.map((host) => ({ channel, host })));
  return Promise.all(
    places.map(async ({ channel, host }) => {
      const name = `vendor ${channel}`;
      return (await isListening(host, port))
        ? ok(name, `${host} can be reached`)
        : warn(name, `${host} cannot be reached`, 'A core whose apps use it needs the way out: DNS, firewall, route.');
    }),
  );
}
