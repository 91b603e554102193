import { aliyunFixture } from './aliyun.js';
import { apnsFixture } from './apns.js';
import { fcmFixture } from './fcm.js';
import type { ChannelFixture } from './fixture.js';
import { hmsV1Fixture, hmsV3Fixture } from './hms.js';
import { miPushFixture } from './mipush.js';
import { oppoFixture } from './oppo.js';
import { tencentFixture } from './tencent.js';
import { twilioFixture } from './twilio.js';
import { vivoFixture } from './vivo.js';
import { smsWebhookFixture, webhookFixture } from './webhook.js';
import { webPushFixture } from './webpush.js';

/** All channels with their fake vendors: the rows of the one behaviour suite. */
export const CHANNEL_FIXTURES: readonly ChannelFixture[] = [
  webPushFixture,
  apnsFixture,
  fcmFixture,
  hmsV3Fixture,
  hmsV1Fixture,
  miPushFixture,
  oppoFixture,
  vivoFixture,
  webhookFixture,
  smsWebhookFixture,
  twilioFixture,
  aliyunFixture,
  tencentFixture,
];
