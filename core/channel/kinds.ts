import type { Channel as ChannelName } from '../domain/channel.js';
import { apns } from './apns/index.js';
import type { ChannelKind } from './channel.js';
import { fcm } from './fcm/index.js';
import { hms } from './hms/index.js';
import { miPush } from './mipush/index.js';
import { oppo } from './oppo/index.js';
import { aliyun } from './sms/aliyun.js';
import { tencent } from './sms/tencent.js';
import { twilio } from './sms/twilio.js';
import { smsWebhook } from './sms/webhook.js';
import { vivo } from './vivo/index.js';
import { webhook } from './webhook/index.js';
import { webPushKind } from './webpush/index.js';

/** A kind whose settings nobody knows: what its `parseSettings` returned is for itself only. */
export type AnyChannelKind = ChannelKind<unknown>;

/** All kinds of channels that there are, by their names. */
export const CHANNEL_KINDS: ReadonlyMap<ChannelName, AnyChannelKind> = byName([
  apns,
  fcm,
  webPushKind,
  hms,
  miPush,
  oppo,
  vivo,
  webhook,
  smsWebhook,
  twilio,
  aliyun,
  tencent,
]);

function byName(kinds: readonly AnyChannelKind[]): ReadonlyMap<ChannelName, AnyChannelKind> {
  return new Map(kinds.map((kind) => [kind.channel, kind]));
}
