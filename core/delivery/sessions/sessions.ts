import type { Logger } from '../../../common/logs/log.js';
import { type Device, withTopics } from '../../domain/device.js';
import type {
  DeliveryOf,
  NewPush,
  NewRegistration,
  Registered,
  Rotated,
  StoreReader,
  Subscribed,
} from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { type Checkpoints, createCheckpoints } from './checkpoints.js';
import { CLOSE, type CloseReason, type EdgePort } from './edge-port.js';
import { createFanOut } from './fan-out.js';
import { createReplay } from './replay.js';
import {
  createSession,
  type HandedOut,
  recall,
  resumePoint,
  type Session,
  type SessionEnd,
  type UnidentifiedSession,
} from './session.js';
import { createUnidentifiedSessions } from './unidentified.js';

/**
 * All open sessions, by device: at the most one that is not closed. Told of what edges report and of what is committed;
 * sends each session what waited, then what is new, in the order of push ids and each push once.
 *
 * A report for a slot that is not in use changes nothing; the slot of a closed session is free again in any case.
 */
export interface Sessions {
  /** Takes an edge that has attached, without sessions. */
  attached(edge: EdgePort): void;
  /** The edge is gone. */
  detached(edge: EdgePort): void;
  /** Takes a socket that an edge has announced; it is looked up, and closed if it is no device's. */
  opened(
    edge: EdgePort,
    opened: Pick<UnidentifiedSession, 'slot' | 'deviceId' | 'through' | 'accepted' | 'resumedFrom'>,
  ): void;
  /**
   * A socket has closed, after its device has received all pushes up to `through`. Returns whether there was such a
   * session, and it was known whose it is.
   */
  closed(edge: EdgePort, slot: number, through: number, end: SessionEnd): boolean;
  /** A device has received all up to this cursor of its session, if it has one. */
  acknowledged(deviceNum: number, cursor: string): void;
  /** The number of the device whose session the slot has; undefined: none, or it is not known yet whose it is. */
  deviceAt(edge: EdgePort, slot: number): number | undefined;
  /** Number of sessions of an edge. */
  countOf(edge: EdgePort): number;
  /** A device does not keep up: what is committed from here on waits in the store. */
  stalled(edge: EdgePort, slot: number): void;
  /**
   * A device has received all of this page, up to push `through`: the session reads on. Another page's changes nothing.
   */
  drained(edge: EdgePort, slot: number, page: number, through: number): void;
  /** Hands committed pushes to the sessions that they are for. In the order of the commits. */
  pushed(pushes: readonly NewPush[]): void;
  /** A device is registered or changed: its session is closed if it has changed hands, else it follows the new tags. */
  registered(result: Registered, registration: NewRegistration): void;
  /** A device has unregistered: its session is closed. */
  unregistered(device: Device): void;
  /** A device has another id: its session is closed, and what came with the id of before is no device's any more. */
  rotated(rotated: Rotated): void;
  /**
   * The open session of a device: the label of its edge, since when this core knows it, in milliseconds since the
   * epoch, and whether it has been handed all that the device was pushed.
   */
  presence(deviceNum: number): { edge: string; since: number; live: boolean } | undefined;
  /** A push is recalled: it is not sent any more. */
  recalled(pushId: number): void;
  /** Deliveries have ended that an edge may still be sending again. */
  withdrawn(deliveries: readonly DeliveryOf[]): void;
  /** The same, of what was read on another device of the user: the devices that have it are told. */
  cleared(deliveries: readonly DeliveryOf[]): void;
  /** Writes down how far live sessions have read their topics; see Checkpoints. */
  checkpoint: Checkpoints['pass'];
}

type Slots = Map<number, UnidentifiedSession | Session>;

/** Returns sessions without edges. */
export function createSessions(options: {
  store: StoreReader;
  cycle: Pick<WriteCycle, 'advanceCursor' | 'flush' | 'lastCommitted'>;
  log: Logger;
  /** Told when a session of a device begins, with the day on which it was seen last; see `Subscribed`. */
  began?: (device: Device, seenDay: number) => void;
  /** Undefined: pushes are not traced. */
  handedOut?: HandedOut | undefined;
  /** Told when a device has no session any more. */
  ended?: (device: Device, end: SessionEnd) => void;
  now?: () => number;
}): Sessions {
  const { store, cycle, log, now = Date.now } = options;
  const edges = new Map<EdgePort, Slots>();
  const byDevice = new Map<number, Session>();
  const checkpoints = createCheckpoints({ sessions: () => byDevice.values(), cycle });
  const replay = createReplay({ ...options, caughtUp: checkpoints.caughtUp });
  const fanOut = createFanOut({
    sessionOf: (deviceNum) => byDevice.get(deviceNum),
    edges: () => edges.keys(),
    reading: replay.reading,
    published: checkpoints.published,
    handedOut: options.handedOut,
  });
  const unidentified = createUnidentifiedSessions({ store, begin, log });

  function begin(announced: UnidentifiedSession, device: Subscribed): void {
    const earlier = byDevice.get(device.num);
    // What an earlier session was handed must be known first: this one would hand it over again.
    const blockers = earlier === undefined ? 0 : earlier.blockers + (earlier.end === undefined ? 1 : 0);
    const session = createSession(announced, device, { blockers, since: now() });
    byDevice.set(device.num, session);
    edges.get(session.edge)?.set(session.slot, session);
    if (earlier !== undefined) close(earlier, CLOSE.replaced, announced.resumedFrom);
    if (blockers === 0) replay.read(session);
    options.began?.(device, device.seenDay);
  }

  /** Has a session closed: from here on it gets nothing. It stays known until its edge reports. */
  function close(session: Session, reason: CloseReason, acknowledged?: string): void {
    if (session.state.kind === 'closed') return;
    replay.leave(session);
    session.edge.closeSession(session.slot, reason, acknowledged);
  }

  /** A session's edge has reported its end, or is gone itself. */
  function ended(session: Session, through: number, end: SessionEnd): void {
    const { num } = session.device;
    replay.leave(session);
    session.end = end;
    // What was only looked at is not worth a row. How far a session had read before it may not be known yet.
    if (through > Math.max(session.checkpointed, session.cursor ?? 0)) {
      cycle.advanceCursor(num, resumePoint(session, through));
    }
    const latest = byDevice.get(num);
    if (latest !== undefined && latest !== session) latest.blockers--;
    if (latest === undefined || latest.blockers > 0) return;
    if (latest.end !== undefined) {
      byDevice.delete(num);
      options.ended?.(session.device, end);
    } else if (latest.state.kind === 'queued') replay.read(latest);
  }

  function sessionAt(edge: EdgePort, slot: number): Session | undefined {
    const entry = edges.get(edge)?.get(slot);
    return entry !== undefined && isIdentified(entry) ? entry : undefined;
  }

  /** Keeps deliveries from being sent. Returns those whose devices have sessions. */
  function* withdraw(deliveries: readonly DeliveryOf[]): Iterable<{ session: Session; pushId: number }> {
    for (const { deviceNum, pushId } of deliveries) {
      const session = byDevice.get(deviceNum);
      if (session === undefined || session.end !== undefined) continue;
      if (session.state.kind === 'reading') recall(session.state, pushId);
      yield { session, pushId };
    }
  }

  return {
    attached(edge) {
      edges.set(edge, new Map());
    },
    detached(edge) {
      const acknowledged = edge.acknowledged();
      const slots = edges.get(edge);
      edges.delete(edge);
      for (const entry of slots?.values() ?? []) {
        if (!isIdentified(entry)) {
          entry.closed = true;
          continue;
        }
        // A live session has received all up to the last batch that all devices of its edge have acknowledged.
        const live = entry.state.kind === 'live' && entry.state.sinceBatch <= acknowledged.batch;
        ended(entry, live ? acknowledged.through : entry.after, 'lost');
      }
    },
    opened(edge, opened) {
      const session = { edge, ...opened, closed: false };
      edges.get(edge)?.set(session.slot, session);
      unidentified.add(session);
    },
    closed(edge, slot, through, end) {
      const slots = edges.get(edge);
      const entry = slots?.get(slot);
      const identified = entry !== undefined && isIdentified(entry);
      if (identified) ended(entry, through, end);
      else if (entry !== undefined) entry.closed = true;
      slots?.delete(slot);
      edge.release(slot);
      return identified;
    },
    acknowledged(deviceNum, cursor) {
      const session = byDevice.get(deviceNum);
      if (session !== undefined && session.end === undefined) session.edge.acknowledgeSession(session.slot, cursor);
    },
    deviceAt: (edge, slot) => sessionAt(edge, slot)?.device.num,
    countOf: (edge) => edges.get(edge)?.size ?? 0,
    stalled(edge, slot) {
      const session = sessionAt(edge, slot);
      if (session !== undefined) replay.stall(session);
    },
    drained(edge, slot, page, through) {
      const session = sessionAt(edge, slot);
      if (session === undefined || session.state.kind !== 'draining' || session.pageNumber !== page) return;
      session.after = resumePoint(session, through);
      replay.read(session);
    },
    pushed(pushes) {
      for (const push of pushes) fanOut.pushed(push);
    },
    registered({ device, topics }, { sinceId }) {
      unidentified.changed(device.id);
      const session = byDevice.get(device.num);
      if (session === undefined || session.state.kind === 'closed') return;
      // It is the session of a registration that has ended, whenever that was.
      if (session.device.generation !== device.generation) {
        close(session, CLOSE.unregistered);
        return;
      }
      session.device = { ...device, memberships: withTopics(session.device.memberships, topics, sinceId) };
      if (session.state.kind === 'live') session.edge.live(session.slot, device.platform, topics);
    },
    unregistered(device) {
      unidentified.changed(device.id);
      const session = byDevice.get(device.num);
      if (session !== undefined && session.device.generation !== device.generation) close(session, CLOSE.unregistered);
    },
    rotated({ device, previousId }) {
      unidentified.changed(previousId);
      const session = byDevice.get(device.num);
      if (session !== undefined && session.device.id !== device.id) close(session, CLOSE.rotated);
    },
    checkpoint: checkpoints.pass,
    presence(deviceNum) {
      const session = byDevice.get(deviceNum);
      if (session === undefined || session.end !== undefined || session.state.kind === 'closed') return undefined;
      return { edge: session.edge.label, since: session.since, live: session.state.kind === 'live' };
    },
    recalled(pushId) {
      for (const { state } of replay.reading()) {
        if (state.kind === 'reading') recall(state, pushId);
      }
      for (const edge of edges.keys()) edge.recall(pushId);
    },
    withdrawn(deliveries) {
      for (const { session, pushId } of withdraw(deliveries)) session.edge.recall(pushId, session.slot);
    },
    cleared(deliveries) {
      for (const { session, pushId } of withdraw(deliveries)) session.edge.clear(pushId, session.slot);
    },
  };
}

function isIdentified(entry: UnidentifiedSession | Session): entry is Session {
  return 'device' in entry;
}
