import type { Channel, DeviceToken } from '../../domain/channel.js';
import { channelCodes, environmentCodes } from './codes.js';

/**
 * A lane is a number: the app's, then the channel's code, then a hash of the token's bundle, then its environment. The
 * wakes of a lane go by one credential, as a rule, and so do all short messages of an app, whatever their vendor.
 */
const [APP, CHANNEL, BUNDLE] = [2 ** 20, 2 ** 14, 2];
const BUNDLES = CHANNEL / BUNDLE;

/** Returns the lane of a token. */
export function laneOf(appNum: number, token: Pick<DeviceToken, 'channel' | 'environment' | 'bundle'>): number {
  const environment = environmentCodes.toCode(token.environment ?? 'PRODUCTION');
  return laneOfChannel(appNum, token.channel) + hashOf(token.bundle ?? '') * BUNDLE + environment;
}

/** Returns the lane of an app's short messages. */
export function smsLaneOf(appNum: number): number {
  return laneOfChannel(appNum, 'SMS_WEBHOOK');
}

/** SQL for the lane of the short messages of an app, whose number is a column. */
export function smsLane(appNum: string): string {
  return `${appNum} * ${APP} + ${channelCodes.toCode('SMS_WEBHOOK') * CHANNEL}`;
}

/** SQL for the lane of an app that none of its tokens has. */
export function firstLane(appNum: string): string {
  return `${appNum} * ${APP}`;
}

/** Returns the lane of an app that none of its tokens has: those that follow up to the next app's are its own. */
export function firstLaneOf(appNum: number): number {
  return appNum * APP;
}

/** Returns true for the lane of an app that none of its tokens has. */
export function isFirstLane(lane: number): boolean {
  return lane % APP === 0;
}

/** Returns the last lane that an app can have. */
export function lastLaneOf(appNum: number): number {
  return firstLaneOf(appNum + 1) - 1;
}

function laneOfChannel(appNum: number, channel: Channel): number {
  return firstLaneOf(appNum) + channelCodes.toCode(channel) * CHANNEL;
}

/** Of the bundle's characters; 0: it has none. */
function hashOf(bundle: string): number {
  let hash = 0;
  for (let index = 0; index < bundle.length; index++) hash = (hash * 31 + bundle.charCodeAt(index)) % BUNDLES;
  return hash;
}
