import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import { hashSecret, newAppId, newAppKey } from '../../../common/secrets.js';
import {
  CreateAppResponseSchema,
  DeleteAppResponseSchema,
  DisableAppResponseSchema,
  EnableAppResponseSchema,
  GetAppResponseSchema,
  ListAppsResponseSchema,
  RotateAppKeyResponseSchema,
  UndeleteAppResponseSchema,
  UpdateAppResponseSchema,
} from '../../../gen/onepush/v1/app_pb.js';
import type { App } from '../../domain/app.js';
import { REGISTRATION, toWireRegistration } from '../wire/registration.js';
import { ownedApp } from './caller.js';
import type { CallContext, PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';

const MAX_UINT32 = 0xffff_ffff;

/** The methods of who runs the service. */
export function createAppHandlers({
  registry,
  cycle,
  registrations,
  apps,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'registrations' | 'apps'>): Pick<
  PushCoreHandlers,
  | 'createApp'
  | 'updateApp'
  | 'getApp'
  | 'listApps'
  | 'rotateAppKey'
  | 'disableApp'
  | 'enableApp'
  | 'deleteApp'
  | 'undeleteApp'
> {
  async function setState(
    id: string,
    change: 'disable' | 'delete' | 'undelete' | 'enable',
    { trail }: CallContext,
  ): Promise<App> {
    const { removedAt } = await registry.getApp(id);
    // Before the command: the audit log is to say that it was refused.
    if (removedAt !== undefined && removedAt <= Date.now()) throw new OnePushError('UNKNOWN_APP');
    const isKnown = await cycle.execute(cycle.commands.setAppState, { id, change }, trail.entry({ appId: id }));
    if (!isKnown) throw new OnePushError('UNKNOWN_APP');
    return registry.getApp(id);
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
      const { name, disabled, registration, removedAt } = await registry.getApp(id);
      return create(GetAppResponseSchema, {
        id,
        name,
        disabled,
        registration: toWireRegistration(registration),
        unsignedRegistrations: Math.min(registrations.unsignedOf(id), MAX_UINT32),
        unsignedSince: timestampFromMs(registrations.since),
        removedAt: removedAt === undefined ? undefined : timestampFromMs(removedAt),
      });
    },

    async listApps({ pageSize, pageToken }) {
      const limit = pageLimit(pageSize);
      const [after = 0] = parsePageToken('apps', pageToken) ?? [];
      const found = await apps.listApps(after, limit);
      const last = found.length < limit ? undefined : found.at(-1);
      return create(ListAppsResponseSchema, {
        apps: found.map(({ id, name, disabled, registration, createdAt, removedAt }) => ({
          id,
          name,
          disabled,
          registration: toWireRegistration(registration),
          createdAt: timestampFromMs(createdAt),
          removedAt: removedAt === undefined ? undefined : timestampFromMs(removedAt),
        })),
        nextPageToken: last === undefined ? '' : toToken('apps', [last.num]),
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
      await setState(id, 'disable', call);
      return create(DisableAppResponseSchema);
    },

    async enableApp({ id }, call) {
      await setState(id, 'enable', call);
      return create(EnableAppResponseSchema);
    },

    async deleteApp({ id }, call) {
      const { removedAt } = await setState(id, 'delete', call);
      return create(DeleteAppResponseSchema, {
        removedAt: removedAt === undefined ? undefined : timestampFromMs(removedAt),
      });
    },

    async undeleteApp({ id }, call) {
      const { disabled } = await setState(id, 'undelete', call);
      return create(UndeleteAppResponseSchema, { disabled });
    },
  };
}
