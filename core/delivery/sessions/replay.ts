import { createBatcher } from '../../../common/batcher.js';
import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { sleep } from '../../../common/timers.js';
import { currentTopics } from '../../domain/device.js';
import type { StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { readBacklog } from './backlog.js';
import type { BacklogPage } from './backlog-page.js';
import { type HandedOut, type Session, sendTo } from './session.js';

/**
 * Sends sessions what waited for them, page by page at the pace of their devices, then makes them live.
 *
 * Nothing is lost or sent twice at the seam: a read is bounded by the last push that was committed when it began, and
 * what is committed from that moment on is held until the read has been sent.
 */
export interface Replay {
  /** Reads for a queued or drained session, in a set with others. */
  read(session: Session): void;
  /** The device does not keep up: the session reads again when it has received what it was sent. */
  stall(session: Session): void;
  /** The session is closed: it gets nothing any more. */
  leave(session: Session): void;
  /** The sessions that are reading now. */
  reading(): Iterable<Session>;
}

/** Number of sessions that read with one set of look-ups. */
const SESSIONS_PER_READ = 200;
const RETRY_DELAY = 500;

type ReadingState = Session['state'] & { kind: 'reading' };

/** Returns a replay in which nobody reads. */
export function createReplay(options: {
  store: StoreReader;
  cycle: Pick<WriteCycle, 'flush' | 'lastCommitted'>;
  log: Logger;
  /** A session is live, and was sent topic pushes that had waited. */
  caughtUp: (session: Session) => void;
  handedOut?: HandedOut | undefined;
  now?: () => number;
}): Replay {
  const { store, cycle, log, caughtUp, handedOut, now = Date.now } = options;
  const trouble = createTroubleLog(log, 'what waits cannot be read now');
  const reading = new Set<Session>();
  const reads = createBatcher<Session>(SESSIONS_PER_READ, readAll);
  // Sessions that read together mostly come to the same: idle ones share it.
  let lastPage: Session['page'] = { last: 0, through: 0 };
  let lastLive: Session['state'] & { kind: 'live' } = { kind: 'live', sinceBatch: 0 };

  /** Those whose edge takes more now; the others read when theirs does. */
  function withRoom(batch: readonly Session[]): Session[] {
    return batch.filter((session) => {
      const room = session.edge.room();
      room?.then(() => {
        if (session.state.kind === 'queued') reads.add(session);
      });
      return room === undefined;
    });
  }

  async function readAll(all: Session[]): Promise<void> {
    const batch = withRoom(all);
    if (batch.length === 0) return;
    const started: { session: Session; state: ReadingState }[] = [];
    try {
      // What the devices confirmed and received in earlier sessions must not come again. Who reads on has had that: a
      // large backlog does not wait for a commit before each page.
      if (batch.some(({ pageNumber }) => pageNumber === 0)) await cycle.flush();
      await findCursors(batch.filter((session) => session.cursor === undefined));
      // From here to the read there is no turn of the loop: what is committed later is held.
      const committed = cycle.lastCommitted();
      for (const session of batch) {
        if (session.state.kind !== 'queued') continue;
        const state: ReadingState = {
          kind: 'reading',
          held: [],
          heldBytes: 0,
          overflowed: false,
          recalled: new Set(),
        };
        session.state = state;
        reading.add(session);
        started.push({ session, state });
      }
      const sessions = started.map(({ session }) => session);
      const pages = await readBacklog(store, sessions, committed, now());
      for (const { session, state } of started) {
        // Stalled or closed meanwhile: it will read again, or not at all.
        if (session.state === state) finish(session, state, pages.get(session));
      }
      trouble.over();
    } catch (error) {
      trouble.met(error);
      await sleep(RETRY_DELAY);
      for (const session of batch) {
        if (session.state.kind === 'reading') session.state = { kind: 'queued' };
        if (session.state.kind === 'queued') reads.add(session);
      }
    }
  }

  async function findCursors(sessions: readonly Session[]): Promise<void> {
    if (sessions.length === 0) return;
    const cursors = await store.findCursors(sessions.map(({ device }) => device.num));
    for (const session of sessions) session.cursor = cursors.get(session.device.num) ?? 0;
  }

  function finish(session: Session, state: ReadingState, page: BacklogPage | undefined): void {
    const { edge, slot, device } = session;
    const { entries: read, through, more } = page ?? { entries: [], through: session.after, more: true };
    const entries = read.filter(({ outgoing }) => !state.recalled.has(outgoing.push.id));
    reading.delete(session);
    edge.resume(slot, ++session.pageNumber, device);
    for (const { outgoing, deliveryId } of entries) sendTo(session, outgoing, deliveryId, handedOut);
    session.readTopics ||= entries.some(({ deliveryId }) => deliveryId === undefined);
    session.page = pageOf(entries.at(-1)?.outgoing.push.id ?? 0, through);
    if (!more && !state.overflowed) {
      for (const { outgoing, deliveryId } of state.held) sendTo(session, outgoing, deliveryId, handedOut);
      session.state = liveSince(edge.batchNumber());
      edge.live(slot, device.platform, currentTopics(device.memberships));
      if (session.readTopics) caughtUp(session);
      session.readTopics = false;
    } else if (entries.length > 0) {
      session.state = { kind: 'draining' };
      edge.sync(slot);
    } else {
      session.after = through;
      session.state = { kind: 'queued' };
      reads.add(session);
    }
  }

  function pageOf(last: number, through: number): Session['page'] {
    if (lastPage.last !== last || lastPage.through !== through) lastPage = { last, through };
    return lastPage;
  }

  function liveSince(sinceBatch: number): Session['state'] {
    if (lastLive.sinceBatch !== sinceBatch) lastLive = { kind: 'live', sinceBatch };
    return lastLive;
  }

  return {
    read(session) {
      session.state = { kind: 'queued' };
      reads.add(session);
    },
    stall(session) {
      if (session.state.kind !== 'live' && session.state.kind !== 'reading') return;
      session.state = { kind: 'draining' };
      reading.delete(session);
    },
    leave(session) {
      session.state = { kind: 'closed' };
      reading.delete(session);
    },
    reading: () => reading,
  };
}
