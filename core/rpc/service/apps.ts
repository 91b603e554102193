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
} from '../../../gen/onepush/v1/app_pb.js';
import { ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
}: Pick<ServiceParts, 'registry' | 'cycle'>): Pick<
  PushCoreHandlers,
  'createApp' | 'getApp' | 'rotateAppKey' | 'disableApp' | 'enableApp'
> {
  async function setState(id: string, disabled: boolean): Promise<void> {
    const known = await cycle.execute(cycle.commands.setAppState, { id, disabled });
    if (!known) throw new OnePushError('UNKNOWN_APP');
  }

  return {
    async createApp({ name }) {
      const id = newAppId();
      const appKey = newAppKey();
      await cycle.execute(cycle.commands.createApp, { id, name, keyHash: hashSecret(appKey) });
      return create(CreateAppResponseSchema, { id, name, appKey });
    },

    async getApp({ id }) {
      const { name, disabled } = await registry.getApp(id);
      return create(GetAppResponseSchema, { id, name, disabled });
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
