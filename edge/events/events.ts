import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { ruled } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import type { AddressLimits } from '../address-limits.js';
import { findDeviceId } from '../device-id.js';
import type { Exchange } from '../http/exchange.js';
import { createFields } from '../http/fields.js';
import { readJsonBody } from '../http/json-body.js';
import { createQueryFields } from '../http/reports/query.js';
import type { CoreLink } from '../link/client.js';
import { AcknowledgeRequestSchema } from '../link/wire.js';
import { createFrameBudget } from '../ws/frame-budget.js';
import { isClosed, parseCursor } from './cursor.js';
import type { EventSessions } from './event-sessions.js';
import { answerHead, createPollReader, createStreamReader } from './reader.js';

/** Most seconds that a request waits for messages: proxies give one up after 60. */
const MAX_WAIT = 50;
/** Most ids that one request confirms; the core's. */
const MAX_IDS = 1000;
const MAX_CURSOR = 64;

/** Parameters of GET /msgpush/events. */
export const EventsQuery = Type.Object({
  deviceId: Type.Optional(
    Type.String(ruled('must be a device id', { description: 'The device id, for clients that cannot set headers' })),
  ),
  wait: Type.Optional(
    Type.Integer(
      ruled(`must be a whole number of seconds from 0 to ${MAX_WAIT}`, {
        minimum: 0,
        maximum: MAX_WAIT,
        description: 'Answers a list, after so many seconds at the most, in place of a stream',
      }),
    ),
  ),
});
const query = createQueryFields(EventsQuery);

/** Parameters of POST /msgpush/confirm. */
export const ConfirmQuery = Type.Pick(EventsQuery, ['deviceId']);
const confirmQuery = createQueryFields(ConfirmQuery);

/** The fields of POST /msgpush/confirm. */
export const ConfirmBody = Type.Object({
  ids: Type.Optional(
    Type.Array(Type.String(ruled('must be the id of a message', { pattern: '^\\d{1,20}$' })), {
      ...ruled(`must be a list of at most ${MAX_IDS} ids of messages`, { maxItems: MAX_IDS }),
    }),
  ),
  cursor: Type.Optional(
    Type.String(ruled(`must be a cursor of at most ${MAX_CURSOR} characters`, { maxLength: MAX_CURSOR })),
  ),
});
const confirmFields = createFields(ConfirmBody, { id: 'ids' });

/** The handlers of devices that receive over HTTP. */
export interface EventHandlers {
  /** GET /msgpush/events */
  receive(exchange: Exchange): void;
  /** POST /msgpush/confirm */
  confirm(exchange: Exchange, link: CoreLink): Promise<void>;
}

/** Returns the handlers. */
export function createEventHandlers(options: {
  sessions: EventSessions;
  limits: Pick<AddressLimits, 'connecting' | 'unknownId'>;
}): EventHandlers {
  const { sessions, limits } = options;
  const budget = createFrameBudget();

  /** @throws OnePushError UNKNOWN_DEVICE for what cannot be an id, LIMIT_REACHED after too many that nobody has */
  function identify(exchange: Exchange, given: string | undefined): { deviceId: string; network: string } {
    const client = exchange.client();
    const excess = limits.connecting(client);
    if (excess !== undefined) throw excess;
    const deviceId = findDeviceId({ authorization: exchange.authorization, protocols: [], query: given });
    if (deviceId === undefined) throw new OnePushError('UNKNOWN_DEVICE');
    return { deviceId, network: client.isExempt ? '' : client.network };
  }

  /** @throws OnePushError LIMIT_REACHED if the device confirms more than it can have been sent */
  function spend(deviceId: string, confirmations: number): void {
    const device = { deviceId, session: undefined, network: '', paidUntil: 0, takesControl: false };
    budget.opened(device);
    let isWithin = budget.spend(device);
    for (let left = confirmations; left > 0 && isWithin; left--) isWithin = budget.spend(device);
    budget.closed(device);
    if (!isWithin) throw new OnePushError('OVERLOADED', { hint: 'too many confirmations of one device' });
  }

  return {
    receive(exchange) {
      const { deviceId: given, wait } = query.read(exchange);
      const { deviceId, network } = identify(exchange, given);
      const { lastEventId, method } = exchange;
      if (method === 'head') answerHead(exchange);
      // An EventSource that comes back although it was told to stop, stops now.
      else if (wait === undefined && isClosed(lastEventId)) exchange.send('204 No Content', NO_STORE, '');
      else {
        sessions.take({
          deviceId,
          network,
          cursor: parseCursor(lastEventId) === undefined ? '' : lastEventId,
          waitMs: wait === undefined ? undefined : wait * 1000,
          begin: (from, gone) =>
            wait === undefined ? createStreamReader(exchange, from, gone) : createPollReader(exchange, from, gone),
        });
      }
    },

    async confirm(exchange, link) {
      const { text: clientAddress } = exchange.client();
      const { deviceId, network } = identify(exchange, confirmQuery.read(exchange).deviceId);
      const { ids = [], cursor = '' } = confirmFields.read(exchange, await readJsonBody(exchange));
      spend(deviceId, ids.length);
      const isKnown = cursor === '' || sessions.acknowledge(deviceId, cursor);
      const pushIds = ids.map(Number).filter((id) => id > 0 && Number.isSafeInteger(id));
      if (pushIds.length > 0 || !isKnown) {
        const value = create(AcknowledgeRequestSchema, { deviceId, pushIds, cursor: isKnown ? '' : cursor });
        await link
          .call({ appId: '', secret: '', request: { case: 'acknowledge', value }, clientAddress })
          .catch((error: unknown) => {
            if (error instanceof OnePushError && error.reason === 'UNKNOWN_DEVICE') limits.unknownId(network);
            throw error;
          });
      }
      exchange.sendJson({});
    },
  };
}

const NO_STORE = { 'Cache-Control': 'no-store' };
