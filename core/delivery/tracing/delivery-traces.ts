import type { Span } from '../../../common/tracing/tracer.js';
import type { Push } from '../../domain/push.js';
import type { DeliveryState } from '../../domain/receipt.js';
import type { Confirmation, DeliveryOf } from '../../store/store.js';
import type { Session } from '../sessions/session.js';
import type { Settlements } from '../writer/settlement-buffer.js';
import type { TracedPushes } from './traced-pushes.js';

/**
 * Spans `deliver`: from the handing out of a message to a session until its delivery has ended, or its session has. A
 * device that comes back begins another one. They name the edge and the slot of the session, and nothing of the device.
 */
export interface DeliveryTraces {
  /** A message was handed to the edge of a session; again, perhaps. */
  handedOut(session: Session, push: Push, deliveryId: number | undefined): void;
  /** Edges report that devices have received deliveries. */
  received(deliveryIds: readonly number[]): void;
  /** A device says that it has a push. */
  confirmed(confirmation: Confirmation): void;
  /** This is committed. */
  settled(settlements: Settlements): void;
  /** Deliveries have ended in another way. */
  ended(deliveries: readonly DeliveryOf[], state: DeliveryState): void;
  /** A push is recalled: for all of its devices. */
  recalled(pushId: number): void;
  /** A device has no session any more, or is none. */
  left(deviceNum: number, state: DeliveryState): void;
  /** Ends those that have been open for long, or whose messages have expired. */
  sweep(): void;
  /** Ends all. */
  stop(): void;
}

interface OpenDelivery {
  readonly deviceNum: number;
  readonly pushId: number;
  readonly deliveryId: number | undefined;
  readonly span: Span;
  readonly since: number;
  readonly expiresAt: number;
  /** The device has it, and that is on its way to the store. */
  isReceived: boolean;
}

/** Devices of one push, and deliveries at a time, that have spans. */
export const MAX_DEVICES = 20;
const MAX_OPEN = 20_000;
/** Milliseconds that one may be open: what comes later is another one. */
const MAX_OPEN_MS = 5 * 60_000;

/** Returns the spans of deliveries, with none open. */
export function createDeliveryTraces(pushes: TracedPushes, now: () => number): DeliveryTraces {
  /** By device, then by push. */
  const byDevice = new Map<number, Map<number, OpenDelivery>>();
  const byId = new Map<number, OpenDelivery>();
  /** The oldest first. */
  const open = new Set<OpenDelivery>();

  const find = ({ deviceNum, pushId }: DeliveryOf): OpenDelivery | undefined => byDevice.get(deviceNum)?.get(pushId);

  function begin(delivery: Omit<OpenDelivery, 'span' | 'since' | 'isReceived' | 'expiresAt'>, session?: Session): void {
    const { deviceNum, pushId, deliveryId } = delivery;
    const push = pushes.find(pushId);
    if (push === undefined || open.size >= MAX_OPEN) return;
    if (push.deviceNums === undefined ? push.spans >= MAX_DEVICES : !push.deviceNums.has(deviceNum)) return;
    const where = session && {
      'onepush.edge': session.edge.label,
      'onepush.session': `${session.edge.label}/${session.slot}`,
    };
    const span = pushes.begin(push, 'deliver', { kind: 'PRODUCER', attributes: { ...where } });
    if (span === undefined) return;
    const { expiresAt } = push;
    const begun: OpenDelivery = { ...delivery, span, since: now(), expiresAt, isReceived: false };
    open.add(begun);
    if (deliveryId !== undefined) byId.set(deliveryId, begun);
    const own = byDevice.get(deviceNum);
    if (own === undefined) byDevice.set(deviceNum, new Map([[pushId, begun]]));
    else own.set(pushId, begun);
  }

  function end(delivery: OpenDelivery | undefined, state: DeliveryState): void {
    if (delivery === undefined) return;
    const { deviceNum, pushId, deliveryId, span } = delivery;
    open.delete(delivery);
    if (deliveryId !== undefined) byId.delete(deliveryId);
    const own = byDevice.get(deviceNum);
    own?.delete(pushId);
    if (own?.size === 0) byDevice.delete(deviceNum);
    span.set({ 'onepush.delivery.state': state });
    span.end();
  }

  function receive(delivery: OpenDelivery | undefined, event: string): void {
    if (delivery === undefined || delivery.isReceived) return;
    delivery.isReceived = true;
    delivery.span.event(event);
  }

  return {
    handedOut(session, push, deliveryId) {
      const key = { deviceNum: session.device.num, pushId: push.id };
      const known = find(key);
      // Of a topic push that need not be confirmed a cursor remembers, and nothing ends.
      if (known === undefined && (deliveryId !== undefined || push.needConfirm)) begin({ ...key, deliveryId }, session);
      find(key)?.span.event(known === undefined ? 'handed out' : 'handed out again');
    },
    received(deliveryIds) {
      if (open.size === 0) return;
      for (const id of deliveryIds) receive(byId.get(id), 'acknowledged');
    },
    confirmed(confirmation) {
      // Over HTTP it needs no session.
      const isDirected = pushes.find(confirmation.pushId)?.deviceNums !== undefined;
      if (isDirected && find(confirmation) === undefined) begin({ ...confirmation, deliveryId: undefined });
      receive(find(confirmation), 'confirmed');
    },
    settled({ delivered, lateDelivered, confirmed }) {
      if (open.size === 0) return;
      for (const id of delivered) end(byId.get(id), 'delivered');
      for (const { deliveryId } of lateDelivered) end(byId.get(deliveryId), 'delivered');
      for (const confirmation of confirmed) end(find(confirmation), 'confirmed');
    },
    ended(deliveries, state) {
      if (open.size === 0) return;
      for (const delivery of deliveries) end(find(delivery), state);
    },
    recalled(pushId) {
      for (const deviceNum of pushes.find(pushId)?.deviceNums ?? []) end(find({ deviceNum, pushId }), 'recalled');
    },
    left(deviceNum, state) {
      for (const delivery of [...(byDevice.get(deviceNum)?.values() ?? [])]) {
        if (delivery.isReceived) continue;
        delivery.span.event('session ended');
        end(delivery, state);
      }
    },
    sweep() {
      const time = now();
      for (const delivery of open) {
        if (delivery.expiresAt <= time) end(delivery, 'expired');
        else if (time - delivery.since > MAX_OPEN_MS) end(delivery, 'pending');
      }
    },
    stop() {
      for (const delivery of open) end(delivery, 'pending');
    },
  };
}
