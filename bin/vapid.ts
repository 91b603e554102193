import webPush from 'web-push';

/** `make vapid`: prints a new pair of keys for Web Push, as settings. */
const { publicKey, privateKey } = webPush.generateVAPIDKeys();
process.stdout.write(`ONEPUSH_VAPID_PUBLIC_KEY=${publicKey}
ONEPUSH_VAPID_PRIVATE_KEY=${privateKey}
ONEPUSH_VAPID_SUBJECT=mailto:push@example.com
`);
