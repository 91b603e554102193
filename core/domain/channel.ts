import type { Channel } from '../../common/contract/channels.js';
import type { TokenChannel } from '../../common/contract/device-token.js';

export { CHANNELS, type Channel } from '../../common/contract/channels.js';
export type { TokenChannel } from '../../common/contract/device-token.js';

/** A channel that reaches users by their phone numbers. */
export type SmsChannel = 'SMS_WEBHOOK' | 'SMS_TWILIO' | 'SMS_ALIYUN' | 'SMS_TENCENT';

/** Returns true if the channel goes by phone numbers. */
export function isSmsChannel(channel: Channel): channel is SmsChannel {
  return channel.startsWith('SMS_');
}

/** The vendor's environment that a token is of: only APNs has two. */
export type ChannelEnvironment = 'PRODUCTION' | 'SANDBOX';

/** A token by which a vendor reaches one device: it rotates, so it is not the device's identity. */
export interface DeviceToken {
  /** The vendor. */
  channel: TokenChannel;
  /** The vendor's token; of Web Push the endpoint; of WEBHOOK whatever the receiver knows the device by. */
  token: string;
  /** Undefined: production. */
  environment?: ChannelEnvironment | undefined;
  /** The app's bundle id or package, where an app has several; undefined: that of the credential. */
  bundle?: string | undefined;
  /** The keys of a Web Push subscription, in base64url; undefined on all other channels. */
  keys?: { p256dh: string; auth: string } | undefined;
}

/**
 * The state of a device's token: it is in use; the vendor says that it is dead; or it is set aside, since the vendor
 * refuses it in a way that is as likely a wrong setting as a dead token. A registration with a token makes it `active`.
 */
export type TokenState = 'active' | 'dead' | 'set_aside';

/** A token as a registration gives it. */
export interface GivenToken extends DeviceToken {
  /** True: it is the native token of an app that names no other. It does not take the place of one that was named. */
  implied?: boolean | undefined;
}

/** A device's token as its app sees it: never the token itself. */
export interface TokenDetails extends Pick<DeviceToken, 'channel' | 'bundle'> {
  /** The vendor's environment. */
  environment: ChannelEnvironment;
  /** The state that it has now. */
  state: TokenState;
  /** Time since which it has this state, in milliseconds since the epoch. */
  since: number;
  /** The vendor's word for the state; undefined: it is active. */
  reason: string | undefined;
  /** Time at which the device was last registered with it, in milliseconds since the epoch. */
  registeredAt: number;
}
