import { create, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import type { DeviceDetails } from '../../../../../core/domain/queries.js';
import { createQueryHandlers } from '../../../../../core/rpc/service/queries.js';
import {
  ListDevicesRequestSchema,
  type ListDevicesResponse,
  ListDevicesResponseSchema,
} from '../../../../../gen/onepush/v1/query_pb.js';
import { appCall } from '../../../../support/callers.js';

/** Devices with as many and as long tags as they may have. */
const DEVICES: DeviceDetails[] = Array.from({ length: 200 }, (_, index) => ({
  num: index + 1,
  id: `device-${index + 1}`,
  alias: 'alice',
  platform: 'ANDROID',
  tags: Array.from({ length: 100 }, (_, tag) => `${tag}`.padEnd(255, '标')),
  mobile: null,
  token: undefined,
  registeredAt: 0,
}));

let read = 0;
/** Of the service, listing uses these. */
const parts = {
  queries: {
    async listDevices(_by: unknown, after: number, limit: number) {
      const found = DEVICES.filter(({ num }) => num > after).slice(0, limit);
      read += found.length;
      return found;
    },
  },
  presence: () => undefined,
} as unknown as Parameters<typeof createQueryHandlers>[0];

it('lists devices in pages that every client takes, and reads little more than a page has', async () => {
  const { listDevices } = createQueryHandlers(parts);
  const ids: string[] = [];
  for (let pageToken = '', pages = 0; pages === 0 || pageToken !== ''; pages++) {
    read = 0;
    const filter = { case: 'alias', value: 'alice' } as const;
    const request = create(ListDevicesRequestSchema, { filter, pageSize: 1000, pageToken });
    const page = (await listDevices(request, appCall())) as ListDevicesResponse;
    expect(toBinary(ListDevicesResponseSchema, page).length).toBeLessThan(4 * 1024 * 1024);
    expect(read).toBe(page.devices.length);
    ids.push(...page.devices.map(({ deviceId }) => deviceId));
    pageToken = page.nextPageToken;
  }
  expect(ids).toEqual(DEVICES.map(({ id }) => id));
});
