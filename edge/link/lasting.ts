import { create } from '@bufbuild/protobuf';
import {
  SessionEvent_Kind as Kind,
  type SessionEvent,
  SessionEventSchema,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { ReportedSession } from './session-reports.js';

/** Deliveries that a core was told of, and by place whose they are. */
export interface Delivered {
  /** Ids of the deliveries. */
  ids: readonly number[];
  /** The session of each of them. */
  sessions: readonly ReportedSession[];
}

/** Returns what another core, or another attachment, is told of a delivery: with what shows whose it is. */
export function lateDelivery({ device, generation, ticket }: ReportedSession, deliveryId: number): SessionEvent {
  return create(SessionEventSchema, { kind: Kind.DELIVERED, device, generation, ticket, deliveryId });
}

/** Returns the deliveries as events that another core can check. */
export function lateDeliveries({ ids, sessions }: Delivered): SessionEvent[] {
  return sessions.map((session, index) => lateDelivery(session, ids[index] ?? 0));
}

/** Returns true if it counts when the core that was told goes away, too. */
export function isLasting({ kind, through }: SessionEvent): boolean {
  if (kind === Kind.CONFIRMED || kind === Kind.DELIVERED) return true;
  return through > 0 && (kind === Kind.CLOSED || kind === Kind.LEFT);
}
