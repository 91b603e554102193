import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import { type DeleteDevicesRequest, DeleteDevicesResponseSchema } from '../../../gen/onepush/v1/device_pb.js';
import type { App } from '../../domain/app.js';
import type { DeviceSelection } from '../../domain/device.js';
import { PLATFORM } from '../wire/enums.js';
import { appOf, type Caller, ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { parsePageToken, toToken } from './page-tokens.js';

/** The method that unregisters many devices. */
export function createDeleteDevicesHandler({
  registry,
  deleteDevices,
}: Pick<ServiceParts, 'registry' | 'deleteDevices'>): Pick<PushCoreHandlers, 'deleteDevices'> {
  function targetOf(caller: Caller, appId: string): Promise<App> | App {
    return caller.kind === 'app' && appId === '' ? appOf(caller) : ownedApp(registry, caller, appId);
  }

  /** Undefined: there is no such tag, so it is for no device. */
  async function selectionOf(
    { num: appNum }: App,
    request: DeleteDevicesRequest,
  ): Promise<DeviceSelection | undefined> {
    const { alias, tag, platform, registeredFrom, registeredBefore, unseenSince, withoutSession } = request;
    const filter = PLATFORM[platform];
    const selection: Omit<DeviceSelection, 'appNum' | 'topicNum'> = {
      alias: alias === '' ? undefined : alias,
      platform: filter === 'ALL' ? undefined : filter,
      registeredFrom: registeredFrom && timestampMs(registeredFrom),
      registeredBefore: registeredBefore && timestampMs(registeredBefore),
      unseenSince: unseenSince && timestampMs(unseenSince),
      withoutSession: withoutSession || undefined,
    };
    if (tag === '') {
      if (Object.values(selection).some((given) => given !== undefined)) return { appNum, ...selection };
      const rule = 'must be given, or another field that says which devices are meant';
      throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'alias', rule }] });
    }
    const entry = registry.topic(appNum, tag);
    if (entry.loading !== undefined) await entry.loading;
    return entry.value === undefined ? undefined : { appNum, topicNum: entry.value, ...selection };
  }

  return {
    async deleteDevices(request, { caller }) {
      const app = await targetOf(caller, request.appId);
      const selection = await selectionOf(app, request);
      const listing = `deleteDevices ${JSON.stringify(selection)} ${request.dryRun}`;
      const [after = 0] = parsePageToken(listing, request.pageToken) ?? [];
      if (selection === undefined) return create(DeleteDevicesResponseSchema);
      const { devices, through } = await deleteDevices(selection, after, request.dryRun);
      return create(DeleteDevicesResponseSchema, {
        devices,
        nextPageToken: through === undefined ? '' : toToken(listing, [through]),
      });
    },
  };
}
