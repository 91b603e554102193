import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { Label, LIMITS } from '../../common/contract/fields.js';
import { hashSecret, newAppId, newAppKey } from '../../common/secrets.js';
import { CreateAppResponseSchema, GetAppResponseSchema } from '../../gen/onepush/v1/app_pb.js';
import { requireAdmin } from './credentials.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

const newAppChecker = createChecker(Type.Object({ name: Label(LIMITS.name, 1) }));

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
  adminToken,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'adminToken'>): Pick<PushCoreHandlers, 'createApp' | 'getApp'> {
  return {
    async createApp(request, { credentials }) {
      requireAdmin(credentials, adminToken);
      const { name } = newAppChecker.parse(request);
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
