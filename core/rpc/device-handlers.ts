import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../common/errors.js';
import { RegisterDeviceResponseSchema, UnregisterDeviceResponseSchema } from '../../gen/onepush/v1/device_pb.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { fromRegisterDevice } from './wire.js';

/** The methods that change devices. */
export function createDeviceHandlers({
  registry,
  cycle,
}: Pick<ServiceParts, 'registry' | 'cycle'>): Pick<PushCoreHandlers, 'registerDevice' | 'unregisterDevice'> {
  return {
    async registerDevice(request) {
      const registration = fromRegisterDevice(request);
      const app = await registry.getEnabledApp(registration.appId);
      const { device } = await cycle.change(cycle.changes.register, { ...registration, appNum: app.num });
      return create(RegisterDeviceResponseSchema, { deviceId: device.id });
    },

    async unregisterDevice({ deviceId }) {
      const entry = registry.device(deviceId);
      if (entry.loading !== undefined) await entry.loading;
      if (entry.value === undefined) throw new OnePushError('UNKNOWN_DEVICE');
      await cycle.change(cycle.changes.unregister, deviceId);
      return create(UnregisterDeviceResponseSchema);
    },
  };
}
