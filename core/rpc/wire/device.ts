import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import {
  type Device,
  DeviceSchema,
  type Presence,
  PresenceSchema,
  type RegisterDeviceRequest,
  type UpdateDeviceRequest,
} from '../../../gen/onepush/v1/device_pb.js';
import type { Platform, Registration } from '../../domain/device.js';
import type { DeviceDetails } from '../../domain/queries.js';
import type { ServiceParts } from '../service/handlers.js';
import { fromDeviceToken, impliedToken, toWireToken } from './device-token.js';
import { PLATFORM, toWirePlatform } from './enums.js';

/**
 * @param request one that keeps the rules of the schema: they leave the four platforms that devices have
 * @throws OnePushError INVALID_FIELDS for a token that its channel cannot have
 */
export function fromRegisterDevice(request: RegisterDeviceRequest): Registration {
  const { appId, alias, platform, nativeToken, mobile, tags, push } = request;
  return {
    appId,
    alias,
    // See above: unspecified is not among them.
    platform: PLATFORM[platform] as Platform,
    nativeToken,
    mobile: mobile === '' ? null : mobile,
    tags: [...new Set(tags)],
    push: push === undefined ? impliedToken(request) : fromDeviceToken(push),
  };
}

/**
 * @param request one that keeps the rules of the schema
 * @throws OnePushError INVALID_FIELDS for a token that its channel cannot have
 */
export function fromUpdateDevice(request: UpdateDeviceRequest) {
  const { deviceId, addTags, removeTags, alias, mobile, push, removePush } = request;
  if (removePush && push !== undefined) {
    const violations = [{ field: 'removePush', rule: 'must not be there beside push' }];
    throw new OnePushError('INVALID_FIELDS', { violations });
  }
  const token = removePush ? null : push && fromDeviceToken(push);
  return { id: deviceId, addTags, removeTags, alias, mobile: mobile === '' ? null : mobile, push: token };
}

/** Returns a device as its app sees it. */
export function toWireDevice(device: DeviceDetails, presence: ServiceParts['presence']): Device {
  return create(DeviceSchema, {
    deviceId: device.id,
    alias: device.alias,
    platform: toWirePlatform(device.platform),
    tags: device.tags.toSorted(),
    mobile: device.mobile ?? '',
    registeredAt: timestampFromMs(device.registeredAt),
    presence: toWirePresence(presence(device.num)),
    token: device.token && toWireToken(device.token),
  });
}

/** Returns the open session of a device; undefined: it has none. */
export function toWirePresence(open: ReturnType<ServiceParts['presence']>): Presence | undefined {
  return open && create(PresenceSchema, { edgeId: open.edge, since: timestampFromMs(open.since) });
}
