import { Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { Platform as WirePlatform } from '../../../gen/onepush/v1/device_pb.js';
import type { PlatformFilter } from '../../domain/device.js';

/** A platform of the wire, unspecified for all. */
export const PlatformNumber = Type.Integer(ruled('must be a known platform', { minimum: 0, maximum: 4 }));

/** Platforms by the schema's numbers. */
export const PLATFORM: Record<WirePlatform, PlatformFilter> = {
  [WirePlatform.UNSPECIFIED]: 'ALL',
  [WirePlatform.ANDROID]: 'ANDROID',
  [WirePlatform.IOS]: 'IOS',
  [WirePlatform.PC]: 'PC',
  [WirePlatform.WEB]: 'WEB',
};
const WIRE_PLATFORM: Record<PlatformFilter, WirePlatform> = {
  ALL: WirePlatform.UNSPECIFIED,
  ANDROID: WirePlatform.ANDROID,
  IOS: WirePlatform.IOS,
  PC: WirePlatform.PC,
  WEB: WirePlatform.WEB,
};
/** Returns the schema's platform. */
export function toWirePlatform(platform: PlatformFilter): WirePlatform {
  return WIRE_PLATFORM[platform];
}

/** Returns the id by which callers know a push; "" where it was only checked. */
export function toRequestId(pushId: number | undefined): string {
  return pushId === undefined ? '' : String(pushId);
}

/** A push's id from what callers call it; undefined if it cannot be one. */
export function parsePushId(requestId: string): number | undefined {
  const id = /^[1-9]\d{0,15}$/.test(requestId) ? Number(requestId) : Number.NaN;
  return Number.isSafeInteger(id) ? id : undefined;
}
