import type { EdgeLinkServer } from '../../core/link/server.js';
import { createInboundQueue } from '../../edge/link/inbound-queue.js';
import { createOutbox } from '../../edge/link/outbox.js';
import { createHub, type Hub } from '../../edge/ws/hub.js';
import type { SocketSession } from '../../edge/ws/session.js';
import type { CoreBatch } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { createWire, type Wire } from './wire.js';

/** What comes of a socket to its device. */
export interface Received {
  /** The device has read a message. */
  message(frame: string, wasLate: boolean): void;
  /** The edge has read that it has the first so many messages. */
  acknowledged(count: number): void;
}

/** A socket of a device, as the hub sees it. Unless it is paused or deaf, the device has what the kernel takes. */
export interface Socket {
  readonly isOpen: boolean;
  /** It has not read all: an edge that attaches again does not announce it yet. */
  readonly isStuck: boolean;
  /** A core has accepted it, while it was open: then what it has confirmed before counts too. */
  readonly isAccepted: boolean;
  /** It takes nothing from now on: the next frame is buffered. */
  pause(): void;
  /** The kernel takes everything from now on, and the device reads nothing. */
  deafen(): void;
  /** It takes and reads what waits, and everything from now on. */
  drain(): void;
  /** In order: the device has read all. Otherwise what it has not read is lost. */
  close(orderly: boolean): void;
  confirm(pushId: number): void;
}

/** An edge with its real hub and its real outbox, on a wire instead of a network. */
export interface Edge {
  connect(deviceId: string, received: Received): Socket;
  attach(core: EdgeLinkServer): void;
  /** The link breaks. `coreKnows`: the core hears of it now, not when the edge attaches again. */
  cut(coreKnows: boolean): void;
  /** Moves what is on the link: how many messages. */
  move(): number;
  /** Its sockets go with it, and nobody is told. */
  kill(): void;
}

/** Long enough that nothing is sent again by itself. */
const NO_REDELIVERY = 300_000;

export function createEdge(edgeId: string, active: () => void): Edge {
  const outbox = createOutbox(edgeId);
  let wire: Wire | undefined;
  /** Broken links of which the core does not know yet. */
  const unnoticed: Wire[] = [];
  let attached = false;
  let killed = false;
  const link = { outbox, isAttached: () => attached };
  const hub: Hub = createHub(() => link, {
    maxSessions: 1000,
    confirmInterval: NO_REDELIVERY,
    framesPerTurn: 1,
    delivered: 'received',
    pongSeconds: 300,
    spacing: 0,
  });
  const inbound = createInboundQueue({
    work: (items, number) => hub.items(items, number),
    done: ({ number, items }) => outbox.processed(number, items.length > 0),
    // So little waits here that the link is always read.
    read: () => undefined,
  });

  /** What the edge does with a stream to a core. */
  function listen(current: Wire): void {
    const { client } = current;
    client.on('metadata', () => {
      attached = true;
      outbox.attached(client);
      outbox.repeat();
      hub.attached();
    });
    client.on('data', (batch: CoreBatch) => {
      if (batch.committed > 0) outbox.committed(batch.committed);
      inbound.add(batch);
    });
    client.on('end', () => {
      if (!attached) return;
      attached = false;
      inbound.drop();
      outbox.detached();
      hub.detached();
    });
    outbox.hello(client);
  }

  return {
    connect(deviceId, received) {
      /** Frames, and payloads of pings, that wait in the process, or in the kernel. */
      const buffer: Uint8Array[] = [];
      const unread: Uint8Array[] = [];
      const pings = new WeakSet<Uint8Array>();
      /** What is sent corked and not handed to the kernel yet. */
      let corked: Uint8Array[] | undefined;
      let open = true;
      let paused = false;
      let deaf = false;
      /** A byte of what is buffered first is taken. */
      let partly = false;
      let messages = 0;
      /** Pongs that are on their way, with how many messages they acknowledge. */
      const pongs: { payload: Uint8Array; messages: number }[] = [];
      function close(): void {
        if (!open) return;
        open = false;
        if (session !== undefined && !killed) hub.closed(session);
      }
      function answer(): void {
        for (const { payload, messages: count } of pongs.splice(0)) {
          if (!open || killed || session === undefined) continue;
          active();
          if (hub.pong(session, Uint8Array.from(payload).buffer)) received.acknowledged(count);
        }
      }
      function read(frame: Uint8Array, wasLate: boolean): void {
        if (!pings.has(frame)) {
          messages++;
          received.message(textOf(frame), wasLate);
          return;
        }
        pongs.push({ payload: frame, messages });
        setImmediate(answer);
      }
      function take(frame: Uint8Array): void {
        if (deaf) unread.push(frame);
        else read(frame, false);
      }
      const ws = {
        send(frame: Uint8Array): number {
          active();
          if (!open) throw new Error('a frame for a closed socket');
          if (paused && buffer.length > 0) return 2;
          if (corked !== undefined) {
            corked.push(frame);
            return 1;
          }
          if (!paused) {
            take(frame);
            return 1;
          }
          buffer.push(frame);
          return 0;
        },
        ping(payload: ArrayBuffer): number {
          const frame = new Uint8Array(payload.slice(0));
          pings.add(frame);
          return ws.send(frame);
        },
        /** A paused socket takes half of what comes at once, and a byte of what follows. */
        cork(work: () => void): void {
          corked = [];
          work();
          const sent = corked;
          corked = undefined;
          const taken = paused ? Math.floor(sent.length / 2) : sent.length;
          for (const frame of sent.slice(0, taken)) take(frame);
          buffer.push(...sent.slice(taken));
          partly = buffer.length > 0;
        },
        getBufferedAmount: () =>
          buffer.reduce(
            (sum, { length }) => sum + length + (length < 126 ? 2 : 4),
            partly && buffer.length > 0 ? -1 : 0,
          ),
        end: close,
        close,
      };
      // The hub uses of a socket what this one has.
      const session = hub.open(ws as unknown as SocketSession['connection'], deviceId);
      function drain(): void {
        paused = false;
        deaf = false;
        if (!open || killed) return;
        const hasDrained = buffer.length > 0;
        for (const frame of [...unread.splice(0), ...buffer.splice(0)]) read(frame, true);
        partly = false;
        if (hasDrained && session !== undefined) hub.drained(session);
      }
      return {
        get isOpen() {
          return open && !killed;
        },
        get isStuck() {
          return buffer.length + unread.length > 0;
        },
        get isAccepted() {
          return session !== undefined && session.device > 0;
        },
        pause() {
          paused = true;
        },
        deafen() {
          deaf = true;
        },
        drain,
        close(orderly) {
          if (orderly) drain();
          // What it has said before comes before its end, unless its connection breaks.
          if (orderly) answer();
          close();
        },
        confirm(pushId) {
          if (session !== undefined && open && !killed) hub.confirm(session, pushId);
        },
      };
    },
    attach(core) {
      if (wire !== undefined) throw new Error('attached already');
      wire = createWire();
      listen(wire);
      core.attach(wire.server);
    },
    cut(coreKnows) {
      const gone = wire;
      wire = undefined;
      gone?.cut();
      if (coreKnows) gone?.notice('core');
      else if (gone !== undefined) unnoticed.push(gone);
      gone?.notice('edge');
    },
    move: () => wire?.move() ?? 0,
    kill() {
      killed = true;
      inbound.drop();
      hub.stop();
      wire?.cut();
      for (const gone of [...unnoticed, wire]) gone?.notice('core');
      wire = undefined;
    },
  };
}

function textOf(frame: Uint8Array): string {
  return Buffer.from(frame).toString();
}
