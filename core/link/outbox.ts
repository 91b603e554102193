import { create } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { hashSecret } from '../../common/secrets.js';
import {
  type CoreBatch,
  CoreBatchSchema,
  type Delivery,
  type EdgeBatch,
  type Item,
  SessionOrder_Kind as Kind,
  PublicationSchema,
  RecallSchema,
  type Reply,
  type SessionOrder,
  SessionOrderSchema,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { EdgePort } from '../delivery/sessions/edge-port.js';
import { toWirePlatform } from '../rpc/wire/enums.js';
import { createHandedOver, type HandedOver } from './handed-over.js';
import type { Tickets } from './tickets.js';

/** The messages for one edge: gathered for a turn of the loop, sent as one, held while the stream takes nothing. */
export interface EdgeOutbox extends EdgePort {
  /** Answers a call of the edge. */
  reply(id: number, result: Reply['result']): void;
  /** All that the edge reported up to this message of its is committed. */
  committed(edgeBatch: number): void;
  /** Devices have received all that our messages up to this one had for their sockets, or have closed. */
  acknowledge(coreBatch: number): void;
  /** Deliveries and publications that this attachment was handed and has not reported. */
  readonly handedOver: Pick<HandedOver, 'takeDelivery' | 'takePublished'>;
  /** Sends what is left and ends the stream. */
  end(): void;
  /** The stream is gone: drops everything, now and later. */
  close(): void;
  /** About how many bytes wait for the stream. */
  waitingBytes(): number;
}

/** A message is sent before the turn ends when it has grown to this. */
const MESSAGE_BYTES = 1024 * 1024;
/** An edge that is so far behind is detached: its sessions read on from the store when it is back. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Bytes in the queue beyond which no backlog is read for its sessions. */
const ROOM_BYTES = 8 * 1024 * 1024;
/** Characters: enough to tell edges apart. */
const LABEL_LENGTH = 12;
/** About as many bytes as an item costs besides its payload. */
const ITEM_BYTES = 48;

/** Returns an empty outbox of one stream. */
export function createEdgeOutbox(
  stream: ServerDuplexStream<EdgeBatch, CoreBatch>,
  options: {
    edgeId: string;
    tickets: Tickets;
    /** number; => Number of sessions of the edge. */
    sessions: () => number;
    /** The push up to which all have been handed over to all edges. */
    handed: () => number;
    full: () => void;
    /** Told how many items and replies each message has. */
    observe?: ((items: number) => void) | undefined;
  },
): EdgeOutbox {
  const handedOver = createHandedOver();
  let batch: CoreBatch = create(CoreBatchSchema);
  let bytes = 0;
  let number = 1;
  /** Messages that the stream has not taken, oldest first. */
  let queue: { message: CoreBatch; bytes: number }[] = [];
  let queuedBytes = 0;
  let forRoom: (() => void)[] = [];
  let blocked = false;
  let scheduled = false;
  let closed = false;
  /** Sent but not acknowledged from `firstSent` on, and up to where everything was in them or in earlier ones. */
  let sent: { batch: number; through: number }[] = [];
  let firstSent = 0;
  let acknowledged: { batch: number; through: number } = { batch: 0, through: 0 };

  stream.on('drain', () => {
    blocked = false;
    pump();
  });

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      cut();
    });
  }

  /** Closes the message that is being gathered. */
  function cut(): void {
    if (closed || (bytes === 0 && batch.committed === 0)) return;
    batch.number = number;
    options.observe?.(batch.items.length + batch.replies.length);
    sent.push({ batch: number, through: options.handed() });
    queue.push({ message: batch, bytes });
    queuedBytes += bytes;
    number++;
    bytes = 0;
    batch = create(CoreBatchSchema);
    pump();
    if (queuedBytes > MAX_QUEUED_BYTES) options.full();
  }

  function pump(): void {
    let taken = 0;
    while (!blocked && !closed && taken < queue.length) {
      const next = queue[taken++];
      if (next === undefined) break;
      queuedBytes -= next.bytes;
      blocked = !stream.write(next.message);
    }
    if (taken > 0) queue = queue.slice(taken);
    if (queuedBytes > ROOM_BYTES) return;
    for (const resolve of forRoom.splice(0)) resolve();
  }

  function grow(by: number): void {
    bytes += ITEM_BYTES + by;
    if (bytes > MESSAGE_BYTES) cut();
    else schedule();
  }

  function add(item: Item['item'], by: number): void {
    if (closed) return;
    batch.items.push({ $typeName: 'onepush.link.v1.Item', item });
    grow(by);
  }

  function order(
    slot: number,
    kind: Kind,
    rest: Omit<Partial<SessionOrder>, '$typeName' | '$unknown' | 'slot' | 'kind'> = {},
  ): void {
    add({ case: 'order', value: create(SessionOrderSchema, { ...rest, slot, kind }) }, 0);
  }

  /** The delivery that this one can join: the same message to another session, with nothing between. */
  function lastDelivery(pushId: number, frame: Uint8Array, reported: boolean): Delivery | undefined {
    const last = batch.items.at(-1)?.item;
    if (last?.case !== 'delivery') return undefined;
    const { value } = last;
    const joins = value.pushId === pushId && value.frame === frame && value.deliveryIds.length > 0 === reported;
    return joins ? value : undefined;
  }

  /** Joins the one before, of the same push and kind. */
  function withdraw(pushId: number, slot: number | undefined, cleared: boolean): void {
    const last = batch.items.at(-1)?.item;
    if (slot !== undefined && last?.case === 'recall') {
      const { value } = last;
      if (value.pushId === pushId && value.cleared === cleared && value.slots.length > 0) {
        value.slots.push(slot);
        grow(0);
        return;
      }
    }
    const slots = slot === undefined ? [] : [slot];
    add({ case: 'recall', value: create(RecallSchema, { pushId, slots, cleared }) }, 0);
  }

  return {
    label: hashSecret(options.edgeId).slice(0, LABEL_LENGTH),
    handedOver,
    deliver(slot, { pushId, frame, confirmUntil }, deliveryId) {
      if (closed) return;
      if (deliveryId !== undefined) handedOver.delivery(slot, deliveryId);
      const joined = lastDelivery(pushId, frame, deliveryId !== undefined);
      if (joined === undefined) {
        const deliveryIds = deliveryId === undefined ? [] : [deliveryId];
        const value: Delivery = {
          $typeName: 'onepush.link.v1.Delivery',
          pushId,
          frame,
          slots: [slot],
          deliveryIds,
          confirmUntil,
        };
        add({ case: 'delivery', value }, frame.length);
        return;
      }
      joined.slots.push(slot);
      if (deliveryId !== undefined) joined.deliveryIds.push(deliveryId);
      grow(0);
    },
    publish({ platform, iosFrame, topics, ...publication }) {
      const value = create(PublicationSchema, {
        ...publication,
        topics: [...topics],
        platform: toWirePlatform(platform),
        ...(iosFrame === undefined ? {} : { iosFrame }),
      });
      handedOver.publication(publication.pushId, number, options.sessions());
      add({ case: 'publication', value }, publication.frame.length + (iosFrame?.length ?? 0) + topics.length * 4);
    },
    resume(slot, page, device) {
      // The edge has reported what was received of earlier pages, and what it did not hand over comes again.
      handedOver.release(slot);
      const { num, generation } = device;
      order(slot, Kind.RESUME, { page, device: num, generation, ticket: options.tickets.of(device) });
    },
    sync: (slot) => order(slot, Kind.SYNC),
    live: (slot, platform, topics) =>
      order(slot, Kind.LIVE, { platform: toWirePlatform(platform), topics: [...topics] }),
    closeSession: (slot, { code, reason }, acknowledged = '') =>
      order(slot, Kind.CLOSE, { code, reason, acknowledged }),
    acknowledgeSession: (slot, acknowledged) => order(slot, Kind.ACKNOWLEDGE, { acknowledged }),
    release(slot) {
      handedOver.release(slot);
      order(slot, Kind.RELEASED);
    },
    recall: (pushId, slot) => withdraw(pushId, slot, false),
    clear: (pushId, slot) => withdraw(pushId, slot, true),
    room: () => (queuedBytes > ROOM_BYTES ? new Promise((resolve) => forRoom.push(resolve)) : undefined),
    batchNumber: () => number,
    reply(id, result) {
      if (closed) return;
      batch.replies.push({ $typeName: 'onepush.link.v1.Reply', id, result });
      grow(0);
    },
    committed(edgeBatch) {
      batch.committed = edgeBatch;
      schedule();
    },
    acknowledge(coreBatch) {
      for (let next = sent[firstSent]; next !== undefined && next.batch <= coreBatch; next = sent[++firstSent]) {
        acknowledged = next;
      }
      if (firstSent * 2 > sent.length) {
        sent = sent.slice(firstSent);
        firstSent = 0;
      }
      handedOver.acknowledged(coreBatch);
    },
    acknowledged: () => acknowledged,
    waitingBytes: () => queuedBytes + bytes,
    end() {
      cut();
      closed = true;
      stream.end();
    },
    close() {
      closed = true;
      queue = [];
      forRoom = [];
    },
  };
}
