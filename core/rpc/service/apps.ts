import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import { hashSecret, newAppId, newAppKey } from '../../../common/secrets.js';
import {
  CreateAppResponseSchema,
  DisableAppResponseSchema,
  EnableAppResponseSchema,
  GetAppResponseSchema,
  RotateAppKeyResponseSchema,
  UpdateAppResponseSchema,
} from '../../../gen/onepush/v1/app_pb.js';
import { REGISTRATION, toWireRegistration } from '../wire/registration.js';
import { ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

const MAX_UINT32 = 0xffff_ffff;

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
  registrations,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'registrations'>): Pick<
  PushCoreHandlers,
  'createApp' | 'updateApp' | 'getApp' | 'rotateAppKey' | 'disableApp' | 'enableApp'
> {
  async function setState(id: string, disabled: boolean): Promise<void> {
    const known = await cycle.execute(cycle.commands.setAppState, { id, disabled });
    if (!known) throw new OnePushError('UNKNOWN_APP');
  }

  return {
    async createApp({ name, registration: wire }) {
      const id = newAppId();
      const appKey = newAppKey();
      const registration = REGISTRATION[wire] ?? 'SIGNED';
      await cycle.execute(cycle.commands.createApp, { id, name, keyHash: hashSecret(appKey), registration });
      return create(CreateAppResponseSchema, { id, name, appKey });
    },

    async getApp({ id }) {
      const { name, disabled, registration } = await registry.getApp(id);
      return create(GetAppResponseSchema, {
        id,
        name,
        disabled,
        registration: toWireRegistration(registration),
        unsignedRegistrations: Math.min(registrations.unsignedOf(id), MAX_UINT32),
        unsignedSince: timestampFromMs(registrations.since),
      });
    },

    async updateApp({ id, name, registration }) {
      const update = { id, name, registration: registration && REGISTRATION[registration] };
      const known = await cycle.execute(cycle.commands.updateApp, update);
      if (!known) throw new OnePushError('UNKNOWN_APP');
      return create(UpdateAppResponseSchema);
    },

    async rotateAppKey(request, { caller }) {
      const { keepOldSeconds } = request;
      await ownedApp(registry, caller, request.id);
      const appKey = newAppKey();
      const oldUntil = await cycle.execute(cycle.commands.rotateKey, {
        id: request.id,
        keyHash: hashSecret(appKey),
        keepOld: keepOldSeconds * 1000,
      });
      if (oldUntil === undefined) throw new OnePushError('UNKNOWN_APP');
      return create(RotateAppKeyResponseSchema, { appKey, oldKeysExpireAt: timestampFromMs(oldUntil) });
    },

    async disableApp({ id }) {
      await setState(id, true);
      return create(DisableAppResponseSchema);
    },

    async enableApp({ id }) {
      await setState(id, false);
      return create(EnableAppResponseSchema);
    },
  };
}
