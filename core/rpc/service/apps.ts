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
import type { CallContext, PushCoreHandlers, ServiceParts } from './handlers.js';

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
  async function setState(id: string, disabled: boolean, { trail }: CallContext): Promise<void> {
    await registry.getApp(id);
    await cycle.execute(cycle.commands.setAppState, { id, disabled }, trail.entry({ appId: id }));
  }

  return {
    async createApp({ name, registration: wire }, { trail }) {
      const id = newAppId();
      const appKey = newAppKey();
      const app = { id, name, keyHash: hashSecret(appKey), registration: REGISTRATION[wire] ?? 'SIGNED' };
      await cycle.execute(cycle.commands.createApp, app, trail.entry({ appId: id, target: name }));
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

    async updateApp({ id, name, registration }, { trail }) {
      const update = { id, name, registration: registration && REGISTRATION[registration] };
      await registry.getApp(id);
      await cycle.execute(cycle.commands.updateApp, update, trail.entry({ appId: id }));
      return create(UpdateAppResponseSchema);
    },

    async rotateAppKey({ id, keepOldSeconds }, { caller, trail }) {
      await ownedApp(registry, caller, id);
      const appKey = newAppKey();
      const rotation = { id, keyHash: hashSecret(appKey), keepOld: keepOldSeconds * 1000 };
      const oldUntil = await cycle.execute(cycle.commands.rotateKey, rotation, trail.entry({ appId: id }));
      if (oldUntil === undefined) throw new OnePushError('UNKNOWN_APP');
      return create(RotateAppKeyResponseSchema, { appKey, oldKeysExpireAt: timestampFromMs(oldUntil) });
    },

    async disableApp({ id }, call) {
      await setState(id, true, call);
      return create(DisableAppResponseSchema);
    },

    async enableApp({ id }, call) {
      await setState(id, false, call);
      return create(EnableAppResponseSchema);
    },
  };
}
