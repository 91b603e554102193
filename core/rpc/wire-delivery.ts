import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  DeviceTimelineResponse_EntrySchema,
  ListDeliveriesResponse_DeliverySchema,
} from '../../gen/onepush/v1/query_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import type { DeliveryEntry, TimelineEntry } from '../domain/queries.js';
import type { Ending } from '../domain/receipt.js';

const WIRE_STATE: Record<Ending | 'pending', DeliveryState> = {
  pending: DeliveryState.PENDING,
  delivered: DeliveryState.DELIVERED,
  confirmed: DeliveryState.CONFIRMED,
  expired: DeliveryState.EXPIRED,
  evicted: DeliveryState.EVICTED,
  discarded: DeliveryState.DISCARDED,
  recalled: DeliveryState.RECALLED,
  replaced: DeliveryState.REPLACED,
};
const STATE: Record<DeliveryState, Ending | 'pending' | undefined> = {
  [DeliveryState.UNSPECIFIED]: undefined,
  [DeliveryState.PENDING]: 'pending',
  [DeliveryState.DELIVERED]: 'delivered',
  [DeliveryState.CONFIRMED]: 'confirmed',
  [DeliveryState.EXPIRED]: 'expired',
  [DeliveryState.EVICTED]: 'evicted',
  [DeliveryState.DISCARDED]: 'discarded',
  [DeliveryState.RECALLED]: 'recalled',
  [DeliveryState.REPLACED]: 'replaced',
};

export function toWireState(state: Ending | 'pending'): DeliveryState {
  return WIRE_STATE[state];
}

/** Undefined: unspecified. */
export function fromWireState(state: DeliveryState): Ending | 'pending' | undefined {
  return STATE[state];
}

export function toWireDelivery(entry: DeliveryEntry): MessageInitShape<typeof ListDeliveriesResponse_DeliverySchema> {
  return {
    deviceId: entry.deviceId,
    messageId: String(entry.pushId),
    state: toWireState(entry.ending ?? 'pending'),
    time: timeOf(entry),
  };
}

/**
 * @param live whether a session of the device takes all that is pushed
 * @param now milliseconds since the epoch
 */
export function toWireTimelineEntry(
  entry: TimelineEntry,
  live: boolean,
  now: number,
): MessageInitShape<typeof DeviceTimelineResponse_EntrySchema> {
  return {
    deviceId: entry.deviceId,
    requestId: String(entry.requestId),
    messageId: String(entry.pushId),
    state: toWireState(entry.ending ?? (entry.topic ? topicStateOf(entry, live, now) : 'pending')),
    topic: entry.topic,
    needConfirm: entry.needConfirm,
    createdAt: timestampFromMs(entry.createdAt),
    expiresAt: timestampFromMs(entry.expiresAt),
    time: timeOf(entry),
  };
}

/** Of a push to topics without a receipt. */
function topicStateOf({ needConfirm, read, expiresAt }: TimelineEntry, live: boolean, now: number) {
  if (!needConfirm && (read || live)) return 'delivered';
  return expiresAt <= now ? 'expired' : 'pending';
}

function timeOf({ endedAt }: DeliveryEntry) {
  return endedAt === undefined ? undefined : timestampFromMs(endedAt);
}
