import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import {
  GetPresenceResponseSchema,
  GetPushResponseSchema,
  type ListDevicesRequest,
  ListDevicesResponseSchema,
  ListPushesResponseSchema,
} from '../../../gen/onepush/v1/query_pb.js';
import type { App } from '../../domain/app.js';
import type { PushFilter } from '../../domain/push-list.js';
import type { DeviceDetails, DeviceFilter } from '../../domain/queries.js';
import { toWireDevice, toWirePresence } from '../wire/device.js';
import { parsePushId, toWirePlatform } from '../wire/enums.js';
import { fromWirePushState, fromWireReach, toPushReport, toWireSummary } from '../wire/query.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';

/** About how many bytes a page has: clients take messages of 4 MiB where nothing else is said. */
const PAGE_BYTES = 1024 * 1024;
/** Number of devices that are read at first. Each may have a hundred tags. */
const FIRST_STEP = 16;

/** The methods that ask. */
export function createQueryHandlers({
  registry,
  queries,
  presence,
}: Pick<ServiceParts, 'registry' | 'queries' | 'presence'>): Pick<
  PushCoreHandlers,
  'getPush' | 'listPushes' | 'listDevices' | 'getPresence'
> {
  /** Undefined: a tag that no device ever had; the rules of the schema leave no empty one. */
  async function filterOf(app: App, { filter }: ListDevicesRequest): Promise<DeviceFilter | undefined> {
    if (filter.case === 'alias') return { kind: 'alias', appNum: app.num, alias: filter.value };
    if (filter.case === undefined) return undefined;
    const entry = registry.topic(app.num, filter.value);
    if (entry.loading !== undefined) await entry.loading;
    return entry.value === undefined ? undefined : { kind: 'topic', topicNum: entry.value };
  }

  /**
   * A page of at most `limit` devices, fewer where they have long names: in steps, so that little more is read than is
   * answered.
   */
  async function readDevices(
    filter: DeviceFilter,
    from: number,
    limit: number,
  ): Promise<{ devices: DeviceDetails[]; next: number | undefined }> {
    const found: DeviceDetails[] = [];
    let after = from;
    let bytes = 0;
    for (let step = FIRST_STEP; found.length < limit && bytes < PAGE_BYTES; step *= 2) {
      const wanted = Math.min(step, limit - found.length);
      const devices = await queries.listDevices(filter, after, wanted);
      for (const device of devices) {
        found.push(device);
        bytes += sizeOf(device);
      }
      if (devices.length < wanted) return { devices: found, next: undefined };
      after = devices.at(-1)?.num ?? after;
      if (bytes > PAGE_BYTES / 4) step = FIRST_STEP / 2;
    }
    return { devices: found, next: after };
  }

  return {
    async getPush({ requestId }, { caller }) {
      const app = appOf(caller);
      const id = parsePushId(requestId);
      const report = id && (await queries.findPushReport(id, app.num));
      if (!report) throw new OnePushError('UNKNOWN_PUSH');
      return create(GetPushResponseSchema, toPushReport(report, Date.now()));
    },

    async listPushes({ state, reach, tenantCode, from, until, pageSize, pageToken }, { caller }) {
      const filter: PushFilter = {
        appNum: appOf(caller).num,
        state: fromWirePushState(state),
        reach: fromWireReach(reach),
        tenantCode,
        from: from && timestampMs(from),
        until: until && timestampMs(until),
      };
      const listing = `pushes ${JSON.stringify(filter)}`;
      const [before = Number.MAX_SAFE_INTEGER] = parsePageToken(listing, pageToken) ?? [];
      const { pushes, next } = await queries.listPushes(filter, before, pageLimit(pageSize), Date.now());
      return create(ListPushesResponseSchema, {
        pushes: pushes.map(toWireSummary),
        nextPageToken: next === undefined ? '' : toToken(listing, [next]),
      });
    },

    async listDevices(request, { caller }) {
      const limit = pageLimit(request.pageSize);
      const app = appOf(caller);
      const filter = await filterOf(app, request);
      const listing = `devices ${app.num} ${request.filter.case} ${request.filter.value}`;
      const [after = 0] = parsePageToken(listing, request.pageToken) ?? [];
      const page = filter === undefined ? { devices: [], next: undefined } : await readDevices(filter, after, limit);
      return create(ListDevicesResponseSchema, {
        devices: page.devices.map((device) => toWireDevice(device, presence)),
        nextPageToken: page.next === undefined ? '' : toToken(listing, [page.next]),
      });
    },

    async getPresence({ aliases }, { caller }) {
      const app = appOf(caller);
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

/** About how many bytes a device takes in an answer. */
function sizeOf({ alias, tags, mobile, token }: DeviceDetails): number {
  const fixed = token === undefined ? 100 : 200 + (token.bundle?.length ?? 0);
  return tags.reduce((sum, tag) => sum + 3 * tag.length, fixed + 3 * alias.length + (mobile?.length ?? 0));
}
