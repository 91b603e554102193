import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Device,
  DeviceSchema,
  type Presence,
  PresenceSchema,
  type UpdateDeviceRequest,
} from '../../../gen/onepush/v1/device_pb.js';
import type { DeviceDetails } from '../../domain/queries.js';
import type { ServiceParts } from '../service/handlers.js';
import { toWirePlatform } from './enums.js';

/** A request that keeps the rules of the schema. */
export function fromUpdateDevice({ deviceId, addTags, removeTags, alias, mobile }: UpdateDeviceRequest) {
  return { id: deviceId, addTags, removeTags, alias, mobile: mobile === '' ? null : mobile };
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
  });
}

/** Returns the open session of a device; undefined: it has none. */
export function toWirePresence(open: ReturnType<ServiceParts['presence']>): Presence | undefined {
  return open && create(PresenceSchema, { edgeId: open.edge, since: timestampFromMs(open.since) });
}
