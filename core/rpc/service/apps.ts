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
import { authenticate, type Credentials, requireAdmin } from './auth.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
  adminToken,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'adminToken'>): Pick<
  PushCoreHandlers,
  'createApp' | 'getApp' | 'rotateAppKey' | 'disableApp' | 'enableApp'
> {
  /** The admin may change every app, an app its own key. */
  async function requireOwner(credentials: Credentials, id: string): Promise<void> {
    if (credentials.kind !== 'app') return requireAdmin(credentials, adminToken);
    const app = await authenticate(registry, credentials);
    if (app.id !== id) throw new OnePushError('WRONG_APP_KEY', { hint: 'an app can rotate its own keys only' });
  }

  async function setState(credentials: Credentials, id: string, disabled: boolean): Promise<void> {
    requireAdmin(credentials, adminToken);
    const known = await cycle.execute(cycle.commands.setAppState, { id, disabled });
    if (!known) throw new OnePushError('UNKNOWN_APP');
  }

  return {
    async createApp({ name }, { credentials }) {
      requireAdmin(credentials, adminToken);
      const id = newAppId();
      const appKey = newAppKey();
      await cycle.execute(cycle.commands.createApp, { id, name, keyHash: hashSecret(appKey) });
      return create(CreateAppResponseSchema, { id, name, appKey });
    },

    async getApp({ id }, { credentials }) {
      requireAdmin(credentials, adminToken);
      const { name, disabled } = await registry.getApp(id);
      return create(GetAppResponseSchema, { id, name, disabled });
    },

    async rotateAppKey(request, { credentials }) {
      const { keepOldSeconds } = request;
      await requireOwner(credentials, request.id);
      const appKey = newAppKey();
      const oldUntil = await cycle.execute(cycle.commands.rotateKey, {
        id: request.id,
        keyHash: hashSecret(appKey),
        keepOld: keepOldSeconds * 1000,
      });
      if (oldUntil === undefined) throw new OnePushError('UNKNOWN_APP');
      return create(RotateAppKeyResponseSchema, { appKey, oldKeysExpireAt: timestampFromMs(oldUntil) });
    },

    async disableApp({ id }, { credentials }) {
      await setState(credentials, id, true);
      return create(DisableAppResponseSchema);
    },

    async enableApp({ id }, { credentials }) {
      await setState(credentials, id, false);
      return create(EnableAppResponseSchema);
    },
  };
}
