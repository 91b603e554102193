import type { CommandSpec } from '../command.js';

/** `onepush vapid`. */
export const vapid: CommandSpec = {
  name: 'vapid',
  summary: 'Prints a new pair of keys for Web Push, as settings',
  example: 'onepush vapid',
  json: { publicKey: '…', privateKey: '…' },
  async run({ print }) {
    const { default: webPush } = await import('web-push');
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    const lines = [
      `ONEPUSH_VAPID_PUBLIC_KEY=${publicKey}`,
      `ONEPUSH_VAPID_PRIVATE_KEY=${privateKey}`,
      'ONEPUSH_VAPID_SUBJECT=mailto:push@example.com',
    ];
    print({ publicKey, privateKey }, lines.join('\n'));
    return undefined;
  },
};
