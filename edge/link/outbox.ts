import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import {
  type Call,
  type CoreBatch,
  type EdgeBatch,
  EdgeBatchSchema,
  HelloSchema,
  SessionEvent_Kind as Kind,
  PublishedSchema,
  type SessionEvent,
  SessionEventSchema,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import { type Delivered, isLasting, lateDeliveries, lateDelivery } from './lasting.js';
import type { ReportedSession, SessionReports } from './session-reports.js';

type Stream = ClientDuplexStream<EdgeBatch, CoreBatch>;

/** A call on its way to the core. */
export interface OutgoingCall {
  /** The call, with its number. */
  readonly call: Call;
  /** False once nobody waits for its answer: then it need not be sent. */
  isOpen: boolean;
}

/**
 * The messages to the core: gathered for a turn of the loop, sent as one, held while the stream takes nothing.
 * Deliveries and confirmations are kept until the core has committed them, and sent again to the next core; how far
 * publications went is not.
 */
export interface Outbox extends SessionReports {
  /** Not sent if nobody waits for it when the stream takes it. False: too much waits already. */
  call(outgoing: OutgoingCall): boolean;
  /** The first message of a stream: the core answers by accepting it. */
  hello(stream: Stream): void;
  /** A core has accepted this edge: what is kept is told again. */
  attached(stream: Stream): void;
  /** Before the sessions are announced: what was delivered, confirmed and closed that no core has committed. */
  repeat(): void;
  /** The stream has ended: what is not committed is kept for the next. */
  detached(): void;
  /** All messages up to this one are committed. */
  committed(number: number): void;
  /** Our side has handled the core's messages up to this one. `tell`: the core should know soon. */
  processed(number: number, tell: boolean): void;
  /** Of calls that wait for the stream, about. */
  waitingBytes(): number;
  /** Resolves when the core has committed all. */
  allCommitted(): Promise<void>;
}

/** About how many bytes of calls one message has. */
const MESSAGE_BYTES = 64 * 1024;
/** A core takes messages of 16 MiB. */
const MAX_IDS_PER_MESSAGE = 100_000;
const MAX_EVENTS_PER_MESSAGE = 20_000;
/** As many as the core takes. */
const MAX_UNCONFIRMED_PER_MESSAGE = 10_000;
/**
 * So many messages are given to the stream at once. What is not given to it can still be called off, and is gathered.
 */
const MAX_UNDER_WAY = 2;
/** Beyond so many bytes of calls that the stream does not take, no more are taken. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Beyond so many waiting events a confirmation is not taken: the device will be asked again. */
const MAX_EVENTS = 200_000;

/** @param observe told how many reports and calls each message has; `isExposed`: strangers may reach this edge */
export function createOutbox(edgeId: string, observe?: (items: number) => void, isExposed = false): Outbox {
  let stream: Stream | undefined;
  let batch = create(EdgeBatchSchema);
  /** Calls that wait to be sent, and their size. */
  let waiting: { outgoing: OutgoingCall; bytes: number }[] = [];
  let waitingBytes = 0;
  /** Pushes that are kept since they are not confirmed, and of which the core is still to be told. */
  let unconfirmed: readonly number[] = [];
  let number = 0;
  let attachments = 0;
  /** The core's messages that are handled, and that devices have received; and what the core was told of that. */
  let progress = { processed: 0, acknowledged: 0 };
  let told = progress;
  /** Messages that the stream has not sent on. */
  let underWay = 0;
  let scheduled = false;
  /** The sessions of the deliveries in `batch.delivered`. */
  let deliveredTo: ReportedSession[] = [];
  /** Settlements by message, oldest first, until they are committed. */
  let uncommitted: { number: number; delivered: Delivered; lasting: SessionEvent[] }[] = [];
  /**
   * Deliveries that sockets took, confirmations, and how far closed sockets got, that no core has committed: for the
   * next one.
   */
  let kept: SessionEvent[] = [];
  let waiters: (() => void)[] = [];

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      flush();
    });
  }

  function flush(): void {
    do {
      if (stream === undefined || underWay >= MAX_UNDER_WAY) return;
      const { message, sessions } = takeReports();
      message.calls = takeCalls();
      message.unconfirmed = unconfirmed.slice(0, MAX_UNCONFIRMED_PER_MESSAGE);
      unconfirmed = unconfirmed.slice(MAX_UNCONFIRMED_PER_MESSAGE);
      const { delivered, published, events, calls } = message;
      const reports = delivered.length + published.length + events.length;
      if (reports + calls.length + message.unconfirmed.length === 0 && told === progress) return;
      send(stream, message);
      observe?.(reports + calls.length);
      if (reports === 0) continue;
      uncommitted.push({ number, delivered: { ids: delivered, sessions }, lasting: events.filter(isLasting) });
    } while (waiting.length + unconfirmed.length + gathered() > 0);
  }

  /** Returns the number of reports that are to be sent. */
  function gathered(): number {
    return batch.delivered.length + batch.published.length + batch.events.length;
  }

  /**
   * As many reports as one message should have: what was delivered first, since an event may be the end of its session.
   */
  function takeReports(): { message: EdgeBatch; sessions: ReportedSession[] } {
    const { delivered, deliveredSlots, events } = batch;
    const isWhole = delivered.length <= MAX_IDS_PER_MESSAGE && events.length <= MAX_EVENTS_PER_MESSAGE;
    const message = isWhole ? batch : create(EdgeBatchSchema);
    const sessions = deliveredTo.splice(0, MAX_IDS_PER_MESSAGE);
    if (isWhole) {
      batch = create(EdgeBatchSchema);
    } else {
      message.delivered = delivered.splice(0, MAX_IDS_PER_MESSAGE);
      message.deliveredSlots = deliveredSlots.splice(0, MAX_IDS_PER_MESSAGE);
      if (delivered.length === 0) message.events = events.splice(0, MAX_EVENTS_PER_MESSAGE);
    }
    return { message, sessions };
  }

  /** As many calls as one message should have, without those that were given up while the stream took nothing. */
  function takeCalls(): Call[] {
    const taken: Call[] = [];
    let bytes = 0;
    let count = 0;
    for (const next of waiting) {
      if (bytes > MESSAGE_BYTES) break;
      count++;
      waitingBytes -= next.bytes;
      if (!next.outgoing.isOpen) continue;
      bytes += next.bytes;
      taken.push(next.outgoing.call);
    }
    waiting = waiting.slice(count);
    return taken;
  }

  function send(to: Stream, message: EdgeBatch): void {
    message.number = ++number;
    // Only with the last of what those messages led to: a session that has stalled over them was not handed all of
    // them.
    if (gathered() === 0) told = progress;
    message.processed = told.processed;
    // Of messages that are being handled, all that was sent so far may have been received.
    message.acknowledged = Math.min(told.acknowledged, told.processed);
    underWay++;
    to.write(message, () => {
      if (stream !== to) return;
      underWay--;
      schedule();
    });
  }

  function report(kind: Kind, rest: MessageInitShape<typeof SessionEventSchema>): void {
    batch.events.push(create(SessionEventSchema, { ...rest, kind }));
    schedule();
  }

  function wakeWaiters(): void {
    if (uncommitted.length + gathered() > 0) return;
    for (const resolve of waiters) resolve();
    waiters = [];
  }

  return {
    delivered(session, deliveryId) {
      batch.delivered.push(deliveryId);
      batch.deliveredSlots.push(session.slot);
      deliveredTo.push(session);
      schedule();
    },
    deliveredLate(session, deliveryId) {
      const event = lateDelivery(session, deliveryId);
      if (stream !== undefined) report(Kind.DELIVERED, event);
      else if (kept.length < MAX_EVENTS) kept.push(event);
    },
    published(pushId, sessions) {
      batch.published.push(create(PublishedSchema, { pushId, sessions }));
      schedule();
    },
    opened: ({ slot, deviceId, through, device, generation, resumedFrom }) =>
      report(Kind.OPENED, { slot, deviceId, through, device, generation, resumedFrom }),
    closed: ({ slot, through, device, generation, ticket }, end) =>
      report(Kind.CLOSED, { slot, through, device, generation, ticket, end }),
    left({ through, device, generation, ticket }) {
      if (kept.length >= MAX_EVENTS || through === 0) return;
      kept.push(create(SessionEventSchema, { kind: Kind.LEFT, through, device, generation, ticket }));
    },
    acknowledged(upTo) {
      progress = { ...progress, acknowledged: upTo };
      schedule();
    },
    stalled: ({ slot }) => report(Kind.STALLED, { slot }),
    drained: ({ slot, page, through }) => report(Kind.DRAINED, { slot, page, through }),
    confirmed({ slot, device, generation, ticket }, pushId) {
      if (batch.events.length < MAX_EVENTS) report(Kind.CONFIRMED, { slot, device, generation, ticket, pushId });
    },
    unconfirmed(pushIds) {
      unconfirmed = pushIds;
      schedule();
    },
    call(outgoing) {
      if (waitingBytes > MAX_WAITING_BYTES) return false;
      const bytes = sizeOf(outgoing.call);
      waiting.push({ outgoing, bytes });
      waitingBytes += bytes;
      if (waitingBytes > MESSAGE_BYTES) flush();
      else schedule();
      return true;
    },
    hello(to) {
      progress = { processed: 0, acknowledged: 0 };
      told = progress;
      send(
        to,
        create(EdgeBatchSchema, {
          hello: create(HelloSchema, { edgeId, attachment: ++attachments, exposed: isExposed }),
        }),
      );
    },
    attached(to) {
      stream = to;
      underWay = 0;
      schedule();
    },
    repeat() {
      // Its slot may be another session's by now.
      for (const { kind, through, device, generation, ticket, pushId, deliveryId } of kept) {
        const rest = { through, device, generation, ticket, pushId, deliveryId };
        report(kind === Kind.CLOSED ? Kind.LEFT : kind, rest);
      }
      kept = [];
    },
    detached() {
      stream = undefined;
      // Calls have failed, and sessions are announced anew; what was settled is kept.
      const delivered = { ids: batch.delivered, sessions: deliveredTo };
      const told = [...uncommitted, { delivered, lasting: batch.events.filter(isLasting) }];
      const late = told.flatMap(({ delivered, lasting }) => [...lateDeliveries(delivered), ...lasting]);
      kept = [...kept, ...late].slice(-MAX_EVENTS);
      deliveredTo = [];
      uncommitted = [];
      waiting = [];
      waitingBytes = 0;
      unconfirmed = [];
      batch = create(EdgeBatchSchema);
    },
    committed(upTo) {
      uncommitted = uncommitted.filter((sent) => sent.number > upTo);
      wakeWaiters();
    },
    waitingBytes: () => waitingBytes,
    processed(upTo, tell) {
      progress = { ...progress, processed: upTo };
      if (tell) schedule();
    },
    allCommitted() {
      return new Promise((resolve) => {
        waiters.push(resolve);
        wakeWaiters();
      });
    },
  };
}

/** About how many bytes a call takes: those of its push, which is the only one that may be large. */
function sizeOf({ request }: Call): number {
  if (request.case !== 'sendPush') return 512;
  const { alert, extraJson, audience } = request.value;
  const list = audience?.audience.value;
  const names = list !== undefined && 'values' in list ? list.values.length : 0;
  return 256 + 3 * (alert.length + extraJson.length) + 64 * names;
}
