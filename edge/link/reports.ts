import { create } from '@bufbuild/protobuf';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { type Position, START } from '../../common/position.js';
import {
  type Call,
  type CoreBatch,
  type EdgeBatch,
  EdgeBatchSchema,
  HelloSchema,
  SessionEvent_Kind as Kind,
  type Published,
  PublishedSchema,
  type SessionEvent,
  SessionEventSchema,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { CallInit } from './calls.js';

type Stream = ClientDuplexStream<EdgeBatch, CoreBatch>;

/**
 * What goes to the core: gathered for a turn of the loop, sent as one message, held while the stream takes nothing. What was
 * delivered and confirmed is kept until the core has committed it, and sent again to the next core.
 */
export interface Reports {
  delivered(deliveryId: number): void;
  published(pushId: number, sessions: number): void;
  opened(slot: number, deviceId: string, through: Position): void;
  closed(slot: number, deviceId: string, through: Position): void;
  /** A socket has closed while no core listens: the next one is told how far it got. */
  left(deviceId: string, through: Position): void;
  stalled(slot: number): void;
  drained(slot: number, through: Position): void;
  confirmed(slot: number, deviceId: string, pushId: number): void;
  /** What is kept since it is not confirmed, for a core that has just accepted this edge. */
  unconfirmed(pushIds: readonly number[]): void;
  /** Not sent if nobody waits for it any more when the stream takes it. False: too much waits already. */
  call(call: Call): boolean;
  /** The first message of a stream: the core answers by accepting it. */
  hello(stream: Stream): void;
  attached(stream: Stream): void;
  /** Before the sessions are announced: what devices confirmed, and how far closed sockets got, that no core has committed. */
  repeat(): void;
  detached(): void;
  /** All messages up to this one are committed. */
  committed(number: number): void;
  /** Our side has handled the core's messages up to this one. `tell`: the core should know soon. */
  processed(number: number, tell: boolean): void;
  /** About how many bytes of calls wait for the stream. */
  waitingBytes(): number;
  /** Resolves when nothing is left that the core has not committed. */
  allCommitted(): Promise<void>;
}

/** About how many bytes of calls one message has. */
const MESSAGE_BYTES = 64 * 1024;
/** An edge that attaches again may have very many: a core takes messages of 16 MiB. */
const MAX_IDS_PER_MESSAGE = 100_000;
const MAX_EVENTS_PER_MESSAGE = 20_000;
/** So many messages are given to the stream at once. What is not given to it can still be called off, and is gathered. */
const MAX_UNDER_WAY = 2;
/** Beyond so many bytes of calls that the stream does not take, no more are taken. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Beyond so many waiting events a confirmation is not taken: the device will be asked again. */
const MAX_EVENTS = 200_000;

/**
 * @param isOpen whether somebody still waits for the answer to a call
 * @param observe told how many reports and calls each message has
 */
export function createReports(
  edgeId: string,
  isOpen: (callId: number) => boolean,
  observe?: (items: number) => void,
): Reports {
  let stream: Stream | undefined;
  let batch = create(EdgeBatchSchema);
  /** Calls that wait to be sent, and their size. */
  let waiting: { call: Call; bytes: number }[] = [];
  let waitingBytes = 0;
  let number = 0;
  let processedNumber = 0;
  let acknowledged = 0;
  /** Messages that the stream has not sent on. */
  let underWay = 0;
  let scheduled = false;
  /** Settlements by message, oldest first, until they are committed. */
  let uncommitted: { number: number; delivered: number[]; published: Published[]; lasting: SessionEvent[] }[] = [];
  /** What devices confirmed, and how far closed sockets got, while no core was there, or when the core that was told went away. */
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
      const message = takeReports();
      message.calls = takeCalls();
      const { delivered, published, events, calls } = message;
      const reports = delivered.length + published.length + events.length;
      const told = reports + calls.length + message.unconfirmed.length;
      if (told === 0 && acknowledged === processedNumber) return;
      send(stream, message);
      observe?.(reports + calls.length);
      if (reports > 0) uncommitted.push({ number, delivered, published, lasting: events.filter(isLasting) });
    } while (waiting.length > 0 || batch.delivered.length + batch.events.length > 0);
  }

  /** As many reports as one message should have: what was delivered first, since an event may be the end of its session. */
  function takeReports(): EdgeBatch {
    const { delivered, events } = batch;
    if (delivered.length <= MAX_IDS_PER_MESSAGE && events.length <= MAX_EVENTS_PER_MESSAGE) {
      const whole = batch;
      batch = create(EdgeBatchSchema);
      return whole;
    }
    const part = create(EdgeBatchSchema);
    part.delivered = delivered.splice(0, MAX_IDS_PER_MESSAGE);
    if (delivered.length === 0) part.events = events.splice(0, MAX_EVENTS_PER_MESSAGE);
    return part;
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
      if (!isOpen(next.call.id)) continue;
      bytes += next.bytes;
      taken.push(next.call);
    }
    waiting = waiting.slice(count);
    return taken;
  }

  function send(to: Stream, message: EdgeBatch): void {
    message.number = ++number;
    message.processed = processedNumber;
    acknowledged = processedNumber;
    underWay++;
    to.write(message, () => {
      if (stream !== to) return;
      underWay--;
      schedule();
    });
  }

  function event(
    kind: Kind,
    slot: number,
    { through = START, ...rest }: { deviceId?: string; through?: Position; pushId?: number },
  ): void {
    batch.events.push(create(SessionEventSchema, { kind, slot, ...rest, through: [...through] }));
    schedule();
  }

  function wakeWaiters(): void {
    if (uncommitted.length > 0 || batch.delivered.length + batch.published.length + batch.events.length > 0) return;
    for (const resolve of waiters) resolve();
    waiters = [];
  }

  return {
    delivered(deliveryId) {
      batch.delivered.push(deliveryId);
      schedule();
    },
    published(pushId, sessions) {
      batch.published.push(create(PublishedSchema, { pushId, sessions }));
      schedule();
    },
    opened: (slot, deviceId, through) => event(Kind.OPENED, slot, { deviceId, through }),
    closed: (slot, deviceId, through) => event(Kind.CLOSED, slot, { deviceId, through }),
    left(deviceId, through) {
      if (kept.length >= MAX_EVENTS || through.length === 0) return;
      kept.push(create(SessionEventSchema, { kind: Kind.LEFT, deviceId, through: [...through] }));
    },
    stalled: (slot) => event(Kind.STALLED, slot, {}),
    drained: (slot, through) => event(Kind.DRAINED, slot, { through }),
    confirmed(slot, deviceId, pushId) {
      if (batch.events.length < MAX_EVENTS) event(Kind.CONFIRMED, slot, { deviceId, pushId });
    },
    unconfirmed(pushIds) {
      batch.unconfirmed = [...pushIds];
      schedule();
    },
    call(call) {
      if (waitingBytes > MAX_WAITING_BYTES) return false;
      const bytes = sizeOf(call);
      waiting.push({ call, bytes });
      waitingBytes += bytes;
      if (waitingBytes > MESSAGE_BYTES) flush();
      else schedule();
      return true;
    },
    hello(to) {
      processedNumber = 0;
      send(to, create(EdgeBatchSchema, { hello: create(HelloSchema, { edgeId }) }));
    },
    attached(to) {
      stream = to;
      underWay = 0;
      schedule();
    },
    repeat() {
      // Its slot may be another session's by now.
      for (const { kind, slot, ...rest } of kept) event(kind === Kind.CLOSED ? Kind.LEFT : kind, slot, rest);
      kept = [];
    },
    detached() {
      stream = undefined;
      // Calls have failed, and sessions are announced anew; what was settled is kept.
      const delivered = [...uncommitted.flatMap((sent) => sent.delivered), ...batch.delivered];
      const published = [...uncommitted.flatMap((sent) => sent.published), ...batch.published];
      const pending = batch.events.filter(isLasting);
      kept = [...kept, ...uncommitted.flatMap((sent) => sent.lasting), ...pending].slice(-MAX_EVENTS);
      uncommitted = [];
      waiting = [];
      waitingBytes = 0;
      batch = create(EdgeBatchSchema, { delivered, published });
    },
    committed(upTo) {
      uncommitted = uncommitted.filter((sent) => sent.number > upTo);
      wakeWaiters();
    },
    waitingBytes: () => waitingBytes,
    processed(upTo, tell) {
      processedNumber = upTo;
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

/** What counts when the core that was told goes away, too. */
function isLasting({ kind, through }: SessionEvent): boolean {
  if (kind === Kind.CONFIRMED) return true;
  return through.length > 0 && (kind === Kind.CLOSED || kind === Kind.LEFT);
}

/** About how many bytes a call takes: those of its push, which is the only one that may be large. */
function sizeOf({ request }: CallInit): number {
  if (request.case !== 'sendPush') return 512;
  const { alert, extraJson, audience } = request.value;
  const list = audience?.audience.value;
  const names = list !== undefined && 'values' in list ? list.values.length : 0;
  return 256 + 3 * (alert.length + extraJson.length) + 64 * names;
}
