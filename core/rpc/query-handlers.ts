import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../common/errors.js';
import {
  GetPresenceResponseSchema,
  GetPushResponseSchema,
  type ListDevicesRequest,
  ListDevicesResponseSchema,
} from '../../gen/onepush/v1/query_pb.js';
import type { App } from '../domain/app.js';
import type { DeviceFilter } from '../domain/queries.js';
import { authenticate } from './credentials.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';
import { parsePushId, toWirePlatform } from './wire.js';
import { toWireDevice, toWirePresence } from './wire-device.js';
import { toPushReport } from './wire-query.js';

/** The methods that ask. */
export function createQueryHandlers({
  registry,
  queries,
  presence,
}: Pick<ServiceParts, 'registry' | 'queries' | 'presence'>): Pick<
  PushCoreHandlers,
  'getPush' | 'listDevices' | 'getPresence'
> {
  /** Undefined: a tag that no device ever had; the rules of the schema leave no empty one. */
  async function filterOf(app: App, { filter }: ListDevicesRequest): Promise<DeviceFilter | undefined> {
    if (filter.case === 'alias') return { kind: 'alias', appNum: app.num, alias: filter.value };
    if (filter.case === undefined) return undefined;
    const entry = registry.topic(app.num, filter.value);
    if (entry.loading !== undefined) await entry.loading;
    return entry.value === undefined ? undefined : { kind: 'topic', topicNum: entry.value };
  }

  return {
    async getPush({ requestId }, { credentials }) {
      const app = await authenticate(registry, credentials);
      const id = parsePushId(requestId);
      const report = id && (await queries.findPushReport(id, app.num));
      if (!report) throw new OnePushError('UNKNOWN_PUSH');
      return create(GetPushResponseSchema, toPushReport(report, Date.now()));
    },

    async listDevices(request, { credentials }) {
      const limit = pageLimit(request.pageSize);
      const app = await authenticate(registry, credentials);
      const filter = await filterOf(app, request);
      const listing = `devices ${app.num} ${request.filter.case} ${request.filter.value}`;
      const [after = 0] = parsePageToken(listing, request.pageToken) ?? [];
      const found = filter === undefined ? [] : await queries.listDevices(filter, after, limit);
      const last = found.length < limit ? undefined : found.at(-1);
      return create(ListDevicesResponseSchema, {
        devices: found.map((device) => toWireDevice(device, presence)),
        nextPageToken: last === undefined ? '' : toToken(listing, [last.num]),
      });
    },

    async getPresence({ aliases }, { credentials }) {
      const app = await authenticate(registry, credentials);
      const entries = aliases.map((alias) => registry.devicesOf(app.num, alias));
      await Promise.all(entries.map((entry) => entry.loading));
      const users = entries.map(({ value = [] }, index) => ({
        alias: aliases[index] ?? '',
        devices: value.length,
        online: value.flatMap(({ num, id, platform }) => {
          const open = toWirePresence(presence(num));
          return open === undefined ? [] : [{ deviceId: id, platform: toWirePlatform(platform), presence: open }];
        }),
      }));
      return create(GetPresenceResponseSchema, { users });
    },
  };
}
