import { create } from '@bufbuild/protobuf';
import { LIMITS } from '../../../common/contract/fields.js';
import { OnePushError } from '../../../common/errors.js';
import {
  RegisterDeviceResponseSchema,
  RotateDeviceIdResponseSchema,
  UnregisterDeviceResponseSchema,
  UpdateDeviceResponseSchema,
} from '../../../gen/onepush/v1/device_pb.js';
import type { App } from '../../domain/app.js';
import type { Registration } from '../../domain/device.js';
import { fromRegisterDevice, fromUpdateDevice, toWireDevice } from '../wire/device.js';
import { appOf } from './caller.js';
import type { CallContext, PushCoreHandlers, ServiceParts } from './handlers.js';
import { createLimitedRegistration } from './limited-registration.js';

/** The methods that change devices. */
export function createDeviceHandlers({
  registry,
  cycle,
  limits,
  queries,
  presence,
  registrations,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'limits' | 'queries' | 'presence' | 'registrations'>): Pick<
  PushCoreHandlers,
  'registerDevice' | 'unregisterDevice' | 'rotateDeviceId' | 'updateDevice'
> {
  const registering = createLimitedRegistration({ cycle, limits, queries });

  /** @throws OnePushError by the app's rule */
  async function checkRegistration(app: App, registration: Registration, given: string, call: CallContext) {
    // Whatever else comes along with a registration of an OPEN app, it was never looked at.
    if (app.registration === 'OPEN') return;
    const caller = await call.readmit();
    if (caller.kind === 'none') return registrations.check(app, registration, given || (caller.bearer ?? ''));
    if (appOf(caller).id !== app.id) throw new OnePushError('WRONG_APP_KEY', { hint: 'it is the key of another app' });
  }

  return {
    async registerDevice(request, call) {
      const registration = fromRegisterDevice(request);
      const app = await registry.getEnabledApp(registration.appId);
      await checkRegistration(app, registration, request.registrationToken, call);
      return create(RegisterDeviceResponseSchema, { deviceId: await registering.register(app, registration) });
    },

    async updateDevice(request, { caller }) {
      const change = fromUpdateDevice(request);
      const app = appOf(caller);
      const updated = await cycle.execute(cycle.commands.update, {
        ...change,
        appNum: app.num,
        maxTags: registering.maxTagsOf(app),
      });
      if (updated === undefined) throw new OnePushError('UNKNOWN_DEVICE');
      if (updated === 'tooManyTags') {
        const rule = `must not leave the device with more than ${LIMITS.tags} tags`;
        throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'addTags', rule }] });
      }
      if (typeof updated === 'string') throw registering.toError(app, updated);
      const { num, id, platform } = updated.result.device;
      const { alias, tags, mobile, registeredAt = 0 } = updated.registration;
      const { token } = updated;
      const device = toWireDevice({ num, id, platform, alias, tags, mobile, registeredAt, token }, presence);
      return create(UpdateDeviceResponseSchema, { device });
    },

    async rotateDeviceId({ deviceId }) {
      const rotated = await cycle.execute(cycle.commands.rotateId, deviceId);
      // Once a session with the new id is open, its device has it: whoever asks with the one of before is another.
      const isLate = rotated?.repeated === true && presence(rotated.device.num) !== undefined;
      if (rotated === undefined || isLate) throw new OnePushError('UNKNOWN_DEVICE');
      return create(RotateDeviceIdResponseSchema, { deviceId: rotated.device.id });
    },

    async unregisterDevice({ deviceId }) {
      const entry = registry.device(deviceId);
      if (entry.loading !== undefined) await entry.loading;
      if (entry.value === undefined) throw new OnePushError('UNKNOWN_DEVICE');
      await cycle.execute(cycle.commands.unregister, deviceId);
      return create(UnregisterDeviceResponseSchema);
    },
  };
}
