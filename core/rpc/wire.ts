import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { Label, LIMITS, Name, ruled } from '../../common/contract/fields.js';
import { type RegisterDeviceRequest, Platform as WirePlatform } from '../../gen/onepush/v1/device_pb.js';
import type { Platform, PlatformFilter, Registration } from '../domain/device.js';

const registrationChecker = createChecker(
  Type.Object({
    appId: Label(LIMITS.name, 1),
    alias: Name('a string'),
    platform: Type.Integer(ruled('must be one of ANDROID, IOS, PC, WEB', { minimum: 1, maximum: 4 })),
    nativeToken: Label(LIMITS.nativeToken, 1),
    mobile: Label(LIMITS.mobile),
    tags: Type.Array(
      Name('a string'),
      ruled(`must be a list of at most ${LIMITS.tags} tags`, { maxItems: LIMITS.tags }),
    ),
  }),
);

/** A platform of the wire, unspecified for all. */
export const PlatformNumber = Type.Integer(ruled('must be a known platform', { minimum: 0, maximum: 4 }));

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
export function toWirePlatform(platform: PlatformFilter): WirePlatform {
  return WIRE_PLATFORM[platform];
}

/** @throws OnePushError INVALID_FIELDS */
export function fromRegisterDevice(request: RegisterDeviceRequest): Registration {
  const checked = registrationChecker.parse(request);
  return {
    appId: checked.appId,
    alias: checked.alias,
    // The checker leaves the four that devices have.
    platform: PLATFORM[checked.platform as WirePlatform] as Platform,
    nativeToken: checked.nativeToken,
    mobile: checked.mobile === '' ? null : checked.mobile,
    tags: [...new Set(checked.tags)],
  };
}

/** A push's id from what callers call it; undefined if it cannot be one. */
export function parsePushId(requestId: string): number | undefined {
  const id = /^[1-9]\d{0,15}$/.test(requestId) ? Number(requestId) : Number.NaN;
  return Number.isSafeInteger(id) ? id : undefined;
}
