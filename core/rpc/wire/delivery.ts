import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  DeviceTimelineResponse_EntrySchema,
  ListDeliveriesResponse_DeliverySchema,
} from '../../../gen/onepush/v1/query_pb.js';
import { DeliveryState as WireState } from '../../../gen/onepush/v1/receipt_pb.js';
import type { DeliveryEntry, TimelineEntry } from '../../domain/queries.js';
import type { DeliveryState } from '../../domain/receipt.js';
import { toWireWake } from './wake.js';

const WIRE_STATE: Record<DeliveryState, WireState> = {
  pending: WireState.PENDING,
  delivered: WireState.DELIVERED,
  confirmed: WireState.CONFIRMED,
  expired: WireState.EXPIRED,
  evicted: WireState.EVICTED,
  discarded: WireState.DISCARDED,
  recalled: WireState.RECALLED,
  replaced: WireState.REPLACED,
  cleared: WireState.CLEARED,
};
const STATE: Record<WireState, DeliveryState | undefined> = {
  [WireState.UNSPECIFIED]: undefined,
  [WireState.PENDING]: 'pending',
  [WireState.DELIVERED]: 'delivered',
  [WireState.CONFIRMED]: 'confirmed',
  [WireState.EXPIRED]: 'expired',
  [WireState.EVICTED]: 'evicted',
  [WireState.DISCARDED]: 'discarded',
  [WireState.RECALLED]: 'recalled',
  [WireState.REPLACED]: 'replaced',
  [WireState.CLEARED]: 'cleared',
};

/** Returns the schema's state. */
export function toWireState(state: DeliveryState): WireState {
  return WIRE_STATE[state];
}

/** Undefined: unspecified. */
export function fromWireState(state: WireState): DeliveryState | undefined {
  return STATE[state];
}

/** Returns an entry of ListDeliveries. */
export function toWireDelivery(entry: DeliveryEntry): MessageInitShape<typeof ListDeliveriesResponse_DeliverySchema> {
  return {
    deviceId: entry.deviceId,
    messageId: String(entry.pushId),
    state: toWireState(entry.state ?? 'pending'),
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
    state: toWireState(entry.state ?? (entry.topic ? topicStateOf(entry, live, now) : 'pending')),
    topic: entry.topic,
    needConfirm: entry.needConfirm,
    createdAt: timestampFromMs(entry.createdAt),
    expiresAt: timestampFromMs(entry.expiresAt),
    time: timeOf(entry),
    wakes: entry.wakes.map(toWireWake),
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
