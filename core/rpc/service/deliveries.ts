import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import {
  type DeviceTimelineRequest,
  DeviceTimelineResponseSchema,
  ListDeliveriesResponseSchema,
} from '../../../gen/onepush/v1/query_pb.js';
import type { App } from '../../domain/app.js';
import type { Device } from '../../domain/device.js';
import type { DeliveryPlace } from '../../domain/queries.js';
import { fromWireState, toWireDelivery, toWireTimelineEntry } from '../wire/delivery.js';
import { parsePushId } from '../wire/enums.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';

/** Maximum number of devices of a user in a timeline. */
const TIMELINE_DEVICES = 100;
const OLDEST: DeliveryPlace = { pushId: 0, deviceNum: 0 };
const NEWEST: DeliveryPlace = { pushId: Number.MAX_SAFE_INTEGER, deviceNum: 0 };

/** The methods that list what has become of pushes. */
export function createDeliveryHandlers({
  registry,
  queries,
  presence,
}: Pick<ServiceParts, 'registry' | 'queries' | 'presence'>): Pick<
  PushCoreHandlers,
  'listDeliveries' | 'deviceTimeline'
> {
  /** @throws OnePushError UNKNOWN_DEVICE */
  async function devicesOf(app: App, { device: asked }: DeviceTimelineRequest): Promise<readonly Device[]> {
    if (asked.case === 'alias') {
      const entry = registry.devicesOf(app.num, asked.value);
      if (entry.loading !== undefined) await entry.loading;
      return (entry.value ?? []).toSorted((a, b) => b.num - a.num).slice(0, TIMELINE_DEVICES);
    }
    const entry = registry.device(asked.value ?? '');
    if (entry.loading !== undefined) await entry.loading;
    if (entry.value?.appNum !== app.num) throw new OnePushError('UNKNOWN_DEVICE');
    return [entry.value];
  }

  return {
    async listDeliveries({ requestId, state, pageSize, pageToken }, { caller }) {
      const app = appOf(caller);
      const id = parsePushId(requestId);
      const listing = `deliveries ${app.num} ${requestId} ${state}`;
      const after = placeOf(listing, pageToken) ?? OLDEST;
      const filter = id && { id, appNum: app.num, state: fromWireState(state) };
      const page = filter && (await queries.listDeliveries(filter, after, pageLimit(pageSize)));
      if (!page) throw new OnePushError('UNKNOWN_PUSH');
      return create(ListDeliveriesResponseSchema, {
        deliveries: page.entries.map(toWireDelivery),
        nextPageToken: tokenOf(listing, page.next),
      });
    },

    async deviceTimeline(request, { caller }) {
      const app = appOf(caller);
      const listing = `timeline ${app.num} ${request.device.case} ${request.device.value}`;
      const before = placeOf(listing, request.pageToken) ?? NEWEST;
      const devices = await devicesOf(app, request);
      const filter = { deviceIds: devices.map(({ id }) => id), ofUser: request.device.case === 'alias' };
      const page = await queries.readTimeline(filter, before, pageLimit(request.pageSize));
      const now = Date.now();
      return create(DeviceTimelineResponseSchema, {
        entries: page.entries.map((entry) => toWireTimelineEntry(entry, presence(entry.deviceNum)?.live ?? false, now)),
        nextPageToken: tokenOf(listing, page.next),
      });
    },
  };
}

function placeOf(listing: string, pageToken: string): DeliveryPlace | undefined {
  const position = parsePageToken(listing, pageToken);
  return position && { pushId: position[0] ?? 0, deviceNum: position[1] ?? 0 };
}

function tokenOf(listing: string, next: DeliveryPlace | undefined): string {
  return next === undefined ? '' : toToken(listing, [next.pushId, next.deviceNum]);
}
