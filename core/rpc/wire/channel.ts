import { Channel as WireChannel, ChannelEnvironment as WireEnvironment } from '../../../gen/onepush/v1/channel_pb.js';
import type { Channel, ChannelEnvironment } from '../../domain/channel.js';

/** Channels by the schema's numbers; undefined: unspecified. */
export const CHANNEL: Record<WireChannel, Channel | undefined> = {
  [WireChannel.UNSPECIFIED]: undefined,
  [WireChannel.APNS]: 'APNS',
  [WireChannel.FCM]: 'FCM',
  [WireChannel.WEB_PUSH]: 'WEB_PUSH',
  [WireChannel.HMS]: 'HMS',
  [WireChannel.MIPUSH]: 'MIPUSH',
  [WireChannel.OPPO]: 'OPPO',
  [WireChannel.VIVO]: 'VIVO',
  [WireChannel.WEBHOOK]: 'WEBHOOK',
  [WireChannel.SMS_WEBHOOK]: 'SMS_WEBHOOK',
  [WireChannel.SMS_TWILIO]: 'SMS_TWILIO',
  [WireChannel.SMS_ALIYUN]: 'SMS_ALIYUN',
  [WireChannel.SMS_TENCENT]: 'SMS_TENCENT',
};

/** The schema's numbers of channels. */
export const WIRE_CHANNEL: Record<Channel, WireChannel> = {
  APNS: WireChannel.APNS,
  FCM: WireChannel.FCM,
  WEB_PUSH: WireChannel.WEB_PUSH,
  HMS: WireChannel.HMS,
  MIPUSH: WireChannel.MIPUSH,
  OPPO: WireChannel.OPPO,
  VIVO: WireChannel.VIVO,
  WEBHOOK: WireChannel.WEBHOOK,
  SMS_WEBHOOK: WireChannel.SMS_WEBHOOK,
  SMS_TWILIO: WireChannel.SMS_TWILIO,
  SMS_ALIYUN: WireChannel.SMS_ALIYUN,
  SMS_TENCENT: WireChannel.SMS_TENCENT,
};

/** Environments by the schema's numbers. */
export const ENVIRONMENT: Record<WireEnvironment, ChannelEnvironment> = {
  [WireEnvironment.UNSPECIFIED]: 'PRODUCTION',
  [WireEnvironment.PRODUCTION]: 'PRODUCTION',
  [WireEnvironment.SANDBOX]: 'SANDBOX',
};

/** The schema's numbers of environments. */
export const WIRE_ENVIRONMENT: Record<ChannelEnvironment, WireEnvironment> = {
  PRODUCTION: WireEnvironment.PRODUCTION,
  SANDBOX: WireEnvironment.SANDBOX,
};
