import { createBatcher } from '../../common/batcher.js';
import type { Logger } from '../../common/log.js';
import { hasReached, type Position, START } from '../../common/position.js';
import { type Device, withTopics } from '../domain/device.js';
import type { BoundSession, EngineMember } from '../engine/engine.js';
import type { DeliveryOf, LookUps, NewPush, NewRegistration, Registered } from '../store/store.js';
import { type Checkpoints, createCheckpoints } from './checkpoints.js';
import { CLOSE, type CloseReason, type EdgePort } from './edge-port.js';
import { createFanOut, type FanOut } from './fan-out.js';
import { createLookAgain, type LookAgain } from './look-again.js';
import { createOpenings, type Openings } from './openings.js';
import { createReplay } from './replay.js';
import { type Announced, createSession, recall, resumePoint, type Session } from './session.js';
import type { WriteCycle } from './write-cycle.js';

/**
 * All open sessions, by device: at the most one that is not closed. Told of what edges report and of what is committed;
 * sends each session what waited, then what is new, in the order of push ids and each push once.
 *
 * A report for a slot that is not in use changes nothing; the slot of a closed session is free again in any case.
 */
export interface Sessions {
  attached(edge: EdgePort): void;
  /** The edge is gone. */
  detached(edge: EdgePort): void;
  opened(edge: EdgePort, slot: number, deviceId: string, through: Position): void;
  closed(edge: EdgePort, slot: number, through: Position): void;
  /** A session has ended while no core was there, or one that did not keep it. */
  left(edge: EdgePort, deviceId: string, through: Position): void;
  stalled(edge: EdgePort, slot: number): void;
  drained(edge: EdgePort, slot: number, through: Position): void;
  confirmed(edge: EdgePort, slot: number, deviceId: string, pushId: number): void;
  /** Whether the write cycle has been told of all that was reported so far; see Openings. */
  told: Openings['told'];
  pushed(pushes: readonly NewPush[]): void;
  /** A topic push that another core has committed. */
  pushedElsewhere: FanOut['pushedElsewhere'];
  /** Devices have newer sessions on other cores. */
  superseded(sessions: readonly BoundSession[]): void;
  /** Something of another core is in the inboxes of devices: their sessions read again. */
  hinted(deviceNums: readonly number[]): void;
  /** Anything may be there: all sessions read again. */
  lookAll(): void;
  registered(result: Registered, registration: NewRegistration): void;
  unregistered(device: Device): void;
  /** The numbers of an app's devices that have a session. */
  onlineDevices(appNum: number): number[];
  /**
   * The open session of a device: the id of its edge, since when this core knows it, in milliseconds since the epoch, and whether it
   * has been handed all that the device was pushed.
   */
  presence(deviceNum: number): { edgeId: string; since: number; live: boolean } | undefined;
  /** A push is recalled: it is not sent any more. */
  recalled(pushId: number): void;
  /** Deliveries have ended that an edge may still be sending again. */
  withdrawn(deliveries: readonly DeliveryOf[]): void;
  /** Writes down how far live sessions have read their topics; see Checkpoints. */
  keepPositions: Checkpoints['pass'];
  /** Looks whether something waits for long for devices that are online; see LookAgain. */
  lookAgain: LookAgain['step'];
}

type Slots = Map<number, Announced | Session>;

/** How many ended sessions are told to other cores at once. */
const UNBINDINGS_PER_BATCH = 500;

export function createSessions(options: {
  store: LookUps;
  cycle: Pick<WriteCycle, 'read' | 'confirmed' | 'settle' | 'lastCommitted'>;
  /** Where other cores find the sessions of this one. */
  routes: Pick<EngineMember, 'bind' | 'unbind'>;
  log: Logger;
  now?: () => number;
}): Sessions {
  const { store, cycle, routes, log, now = Date.now } = options;
  const edges = new Map<EdgePort, Slots>();
  const byDevice = new Map<number, Session>();
  const checkpoints = createCheckpoints({ sessions: () => byDevice.values(), cycle });
  const replay = createReplay({ ...options, caughtUp: checkpoints.caughtUp });
  const fanOut = createFanOut({
    sessionOf: (deviceNum) => byDevice.get(deviceNum),
    edges: () => edges.keys(),
    reading: replay.reading,
    published: checkpoints.published,
  });
  const lookAgain = createLookAgain({ ...options, sessions: () => byDevice.values(), readAgain: replay.again });
  const openings = createOpenings({
    store,
    cycle,
    begin: (opened) => routes.bind(opened.map(({ announced, device }) => begin(announced, device))),
    log,
  });
  const unbindings = createBatcher<BoundSession>(UNBINDINGS_PER_BATCH, async (ended) => routes.unbind(ended));
  let generations = 0;

  function begin(announced: Announced, device: Session['device']): BoundSession {
    const earlier = byDevice.get(device.num);
    // What an earlier session was handed must be known first: this one would hand it over again.
    const blockers = earlier === undefined ? 0 : earlier.blockers + (earlier.reported ? 0 : 1);
    const session = createSession(announced, device, { blockers, since: now(), generation: ++generations });
    byDevice.set(device.num, session);
    edges.get(session.edge)?.set(session.slot, session);
    if (earlier !== undefined) close(earlier, CLOSE.replaced);
    if (blockers === 0) replay.read(session);
    return { deviceNum: device.num, generation: session.generation };
  }

  /** Has a session closed: from here on it gets nothing. It stays known until its edge reports. */
  function close(session: Session, reason: CloseReason): void {
    if (session.state.kind === 'closed') return;
    replay.leave(session);
    session.edge.closeSession(session.slot, reason);
  }

  /** A session's edge has reported its end, or is gone itself. */
  function ended(session: Session, through: Position): void {
    const { num } = session.device;
    replay.leave(session);
    session.reported = true;
    unbindings.add({ deviceNum: num, generation: session.generation });
    // What was only looked at is not worth a row.
    const known = session.kept ?? session.cursor;
    if (known !== undefined && through.some((id) => !hasReached(known, id))) {
      cycle.read(num, resumePoint(session, through));
    }
    const latest = byDevice.get(num);
    if (latest !== undefined && latest !== session) latest.blockers--;
    if (latest === undefined || latest.blockers > 0) return;
    if (latest.reported) byDevice.delete(num);
    else if (latest.state.kind === 'queued') replay.read(latest);
  }

  function confirm(device: Device, pushId: number): void {
    cycle.confirmed({ deviceNum: device.num, appNum: device.appNum, pushId });
  }

  function sessionAt(edge: EdgePort, slot: number): Session | undefined {
    const entry = edges.get(edge)?.get(slot);
    return entry !== undefined && isKnown(entry) ? entry : undefined;
  }

  return {
    attached(edge) {
      edges.set(edge, new Map());
    },
    detached(edge) {
      const processed = edge.processed();
      const slots = edges.get(edge);
      edges.delete(edge);
      for (const entry of slots?.values() ?? []) {
        if (!isKnown(entry)) {
          openings.closed(entry, START);
          continue;
        }
        // A live session has been handed all that was sent before the last batch that its edge has handled.
        const live = entry.state.kind === 'live' && entry.state.sinceBatch <= processed.batch;
        ended(entry, live ? processed.through : entry.after);
      }
    },
    opened(edge, slot, deviceId, through) {
      const announced = { edge, slot, deviceId, through, closed: false, confirmed: [] };
      edges.get(edge)?.set(slot, announced);
      openings.add(announced);
    },
    closed(edge, slot, through) {
      const slots = edges.get(edge);
      const entry = slots?.get(slot);
      if (entry !== undefined) {
        if (isKnown(entry)) ended(entry, through);
        else openings.closed(entry, through);
      }
      slots?.delete(slot);
      edge.release(slot);
    },
    left(edge, deviceId, through) {
      openings.add({ edge, slot: 0, deviceId, through, closed: true, confirmed: [] });
    },
    stalled(edge, slot) {
      const session = sessionAt(edge, slot);
      if (session !== undefined) replay.stall(session);
    },
    drained(edge, slot, through) {
      const session = sessionAt(edge, slot);
      if (session === undefined || session.state.kind !== 'draining') return;
      session.after = resumePoint(session, through);
      replay.read(session);
    },
    confirmed(edge, slot, deviceId, pushId) {
      const entry = edges.get(edge)?.get(slot);
      if (entry !== undefined && deviceIdOf(entry) === deviceId) {
        if (isKnown(entry)) confirm(entry.device, pushId);
        else openings.confirmed(entry, pushId);
      } else {
        // Said to an earlier core, in a session that has closed since: it counts all the same.
        openings.add({ edge, slot, deviceId, through: START, closed: true, confirmed: [pushId] });
      }
    },
    told: openings.told,
    pushed(pushes) {
      for (const push of pushes) fanOut.pushed(push);
    },
    registered({ device, startedAfresh, topics }, { sinceId }) {
      openings.changed(device.id);
      const session = byDevice.get(device.num);
      if (session === undefined || session.state.kind === 'closed') return;
      if (startedAfresh) {
        close(session, CLOSE.unregistered);
        return;
      }
      session.device = { ...device, memberships: withTopics(session.device.memberships, topics, sinceId) };
      if (session.state.kind === 'live') session.edge.live(session.slot, device.platform, topics);
    },
    pushedElsewhere: fanOut.pushedElsewhere,
    superseded(sessions) {
      for (const { deviceNum, generation } of sessions) {
        const session = byDevice.get(deviceNum);
        if (session?.generation === generation) close(session, CLOSE.replaced);
      }
    },
    hinted(deviceNums) {
      for (const deviceNum of deviceNums) {
        const session = byDevice.get(deviceNum);
        if (session !== undefined) replay.again(session);
      }
    },
    lookAll() {
      for (const session of byDevice.values()) replay.again(session);
    },
    keepPositions: checkpoints.pass,
    lookAgain: lookAgain.step,
    presence(deviceNum) {
      const session = byDevice.get(deviceNum);
      if (session === undefined || session.reported || session.state.kind === 'closed') return undefined;
      return { edgeId: session.edge.edgeId, since: session.since, live: session.state.kind === 'live' };
    },
    recalled(pushId) {
      for (const { state } of replay.reading()) {
        if (state.kind === 'reading') recall(state, pushId);
      }
      lookAgain.recalled(pushId);
      for (const edge of edges.keys()) edge.recall(pushId);
    },
    withdrawn(deliveries) {
      for (const { deviceNum, pushId } of deliveries) {
        const session = byDevice.get(deviceNum);
        if (session === undefined || session.reported) continue;
        if (session.state.kind === 'reading') recall(session.state, pushId);
        session.edge.recall(pushId, session.slot);
      }
    },
    onlineDevices(appNum) {
      const open = [...byDevice.values()].filter(
        ({ device, state }) => device.appNum === appNum && state.kind !== 'closed',
      );
      return open.map(({ device }) => device.num);
    },
    unregistered(device) {
      openings.changed(device.id);
      const session = byDevice.get(device.num);
      if (session !== undefined) close(session, CLOSE.unregistered);
    },
  };
}

function isKnown(entry: Announced | Session): entry is Session {
  return 'device' in entry;
}

function deviceIdOf(entry: Announced | Session): string {
  return isKnown(entry) ? entry.device.id : entry.deviceId;
}
