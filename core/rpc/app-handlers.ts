import { create } from '@bufbuild/protobuf';
import { hashSecret, newAppId, newAppKey } from '../../common/secrets.js';
import { CreateAppResponseSchema, GetAppResponseSchema } from '../../gen/onepush/v1/app_pb.js';
import { requireAdmin } from './credentials.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
  adminToken,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'adminToken'>): Pick<PushCoreHandlers, 'createApp' | 'getApp'> {
  return {
    async createApp({ name }, { credentials }) {
      requireAdmin(credentials, adminToken);
      const id = newAppId();
      const appKey = newAppKey();
      await cycle.change(cycle.changes.createApp, { id, name, keyHash: hashSecret(appKey) });
      return create(CreateAppResponseSchema, { id, name, appKey });
    },

    async getApp({ id }, { credentials }) {
      requireAdmin(credentials, adminToken);
      const { name } = await registry.getApp(id);
      return create(GetAppResponseSchema, { id, name });
    },
  };
}
