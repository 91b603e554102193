import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { parseBasic } from '../../../common/http/basic.js';
import type { CoreLink } from '../../link/client.js';
import {
  DeliveryState,
  DeviceTimelineRequestSchema,
  GetPushRequestSchema,
  ListDeliveriesRequestSchema,
  ListDevicesRequestSchema,
  RecallPushRequestSchema,
} from '../../link/wire.js';
import type { Exchange } from '../exchange.js';
import { toDeliveriesJson, toDevicesJson, toPushJson, toTimelineJson } from './json.js';
import { createQueryFields } from './query.js';
import { DeliveriesQuery, DevicesQuery, TimelineQuery } from './schemas.js';

/** Answers a request for a report. */
type Report = (exchange: Exchange, link: CoreLink) => Promise<void>;

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="ONE-PUSH", charset="UTF-8"' };

/** Says with each 401 how one authenticates. Sends do not: a browser would ask the user of a page for a password. */
function challenging(report: Report): Report {
  return (exchange, link) =>
    report(exchange, link).catch((error: unknown) =>
      exchange.fail(error, error instanceof OnePushError && error.status === 401 ? CHALLENGE : undefined),
    );
}

const deliveriesQuery = createQueryFields(DeliveriesQuery);
const devicesQuery = createQueryFields(DevicesQuery);
const timelineQuery = createQueryFields(TimelineQuery);

/** GET /msgpush/push/{requestId} */
export const getPush: Report = challenging(async (exchange, link) => {
  const value = create(GetPushRequestSchema, { requestId: exchange.parameter });
  const result = await link.call({ ...appOf(exchange), request: { case: 'getPush', value } });
  if (result.case !== 'getPush') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJsonText(toPushJson(result.value));
});

/** GET /msgpush/push/{requestId}/deliveries */
export const listDeliveries: Report = challenging(async (exchange, link) => {
  const app = appOf(exchange);
  const { state, ...page } = deliveriesQuery.read(exchange);
  const value = create(ListDeliveriesRequestSchema, {
    requestId: exchange.parameter,
    state: DeliveryState[state ?? 'UNSPECIFIED'],
    ...page,
  });
  const result = await link.call({ ...app, request: { case: 'listDeliveries', value } });
  if (result.case !== 'listDeliveries') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson(toDeliveriesJson(result.value));
});

/** POST /msgpush/recall/{requestId} */
export const recall: Report = challenging(async (exchange, link) => {
  const value = create(RecallPushRequestSchema, { requestId: exchange.parameter });
  const result = await link.call({ ...appOf(exchange), request: { case: 'recallPush', value } });
  if (result.case !== 'recallPush') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson({ recalled: result.value.recalled });
});

/** GET /msgpush/devices */
export const listDevices: Report = challenging(async (exchange, link) => {
  const app = appOf(exchange);
  const { alias, tag, ...page } = devicesQuery.read(exchange);
  if ((alias === undefined) === (tag === undefined)) {
    const rule = 'must be given, or tag, and not both';
    throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'alias', rule }] });
  }
  const value = create(ListDevicesRequestSchema, {
    filter: alias === undefined ? { case: 'tag', value: tag ?? '' } : { case: 'alias', value: alias },
    ...page,
  });
  const result = await link.call({ ...app, request: { case: 'listDevices', value } });
  if (result.case !== 'listDevices') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson(toDevicesJson(result.value));
});

/** GET /msgpush/devices/{deviceId}/timeline */
export const deviceTimeline: Report = challenging(async (exchange, link) => {
  const deviceId = exchange.isStrict ? exchange.parameter : exchange.parameter.toLowerCase();
  const app = appOf(exchange);
  const page = timelineQuery.read(exchange);
  const value = create(DeviceTimelineRequestSchema, { device: { case: 'deviceId', value: deviceId }, ...page });
  const result = await link.call({ ...app, request: { case: 'deviceTimeline', value } });
  if (result.case !== 'deviceTimeline') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson(toTimelineJson(result.value));
});

/** The app's id and key, from `Authorization: Basic`, and where it calls from. */
function appOf(exchange: Exchange): { appId: string; secret: string; clientAddress: string } {
  const app = parseBasic(exchange.authorization);
  // An empty id is that of nobody.
  if (app !== undefined && app.name !== '')
    return { appId: app.name, secret: app.password, clientAddress: exchange.client().text };
  throw new OnePushError('WRONG_APP_KEY', { hint: 'it goes as Authorization: Basic, after the app id' });
}
