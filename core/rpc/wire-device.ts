import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { Label, LIMITS, Name, ruled } from '../../common/contract/fields.js';
import {
  type Device,
  DeviceSchema,
  type Presence,
  PresenceSchema,
  type UpdateDeviceRequest,
} from '../../gen/onepush/v1/device_pb.js';
import type { DeviceDetails } from '../domain/queries.js';
import type { ServiceParts } from './handlers.js';
import { toWirePlatform } from './wire.js';

const Tags = () =>
  Type.Array(Name('a string'), ruled(`must be a list of at most ${LIMITS.tags} tags`, { maxItems: LIMITS.tags }));
const updateChecker = createChecker(
  Type.Object({
    deviceId: Label(LIMITS.name, 1),
    addTags: Tags(),
    removeTags: Tags(),
    alias: Type.Optional(Name('a string')),
    mobile: Type.Optional(Label(LIMITS.mobile)),
  }),
);

/** @throws OnePushError INVALID_FIELDS */
export function fromUpdateDevice(request: UpdateDeviceRequest) {
  const { deviceId, addTags, removeTags, alias, mobile } = updateChecker.parse(request);
  return { id: deviceId, addTags, removeTags, alias, mobile: mobile === '' ? null : mobile };
}

export function toWireDevice(device: DeviceDetails, presence: ServiceParts['presence']): Device {
  return create(DeviceSchema, {
    deviceId: device.id,
    alias: device.alias,
    platform: toWirePlatform(device.platform),
    tags: device.tags.toSorted(),
    mobile: device.mobile ?? '',
    registeredAt: timestampFromMs(device.registeredAt),
    presence: toWirePresence(presence(device.num)),
  });
}

export function toWirePresence(open: ReturnType<ServiceParts['presence']>): Presence | undefined {
  return open && create(PresenceSchema, { edgeId: open.edgeId, since: timestampFromMs(open.since) });
}
