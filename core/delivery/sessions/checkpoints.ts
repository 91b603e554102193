import { currentTopics } from '../../domain/device.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { resumePoint, type Session } from './session.js';

/**
 * Writes down now and then how far live sessions have read their topics, so that little comes again when the edge dies
 * together with the core: otherwise that is written when a session ends.
 *
 * Costs nothing while nothing is pushed to topics, and a row for each live session that something was pushed to since
 * the last pass.
 */
export interface Checkpoints {
  /** A push to these topics has been handed to the edges. */
  published(topicNums: readonly number[], pushId: number): void;
  /** A session is live, and was sent topic pushes that had waited. */
  caughtUp(session: Session): void;
  /** Writes down what has moved. Resolves when all sessions were looked at. */
  pass(isStopped?: () => boolean): Promise<void>;
}

/** Sessions that one turn of the loop looks at. */
const SESSIONS_PER_TURN = 500;

/** Returns checkpoints of sessions that were pushed nothing yet. */
export function createCheckpoints(options: {
  /** All sessions, in any state. */
  sessions: () => Iterable<Session>;
  cycle: Pick<WriteCycle, 'advanceCursor' | 'flush'>;
}): Checkpoints {
  const { sessions, cycle } = options;
  /** The last push to each topic since the last pass. */
  let pushed = new Map<number, number>();
  /** The push up to which a session's position is to be written. */
  const due = new Map<Session, number>();

  /** Lets others have their turn; when much is written, the writer too. */
  async function breathe(): Promise<void> {
    await (cycle.flush() ?? new Promise<void>((resolve) => setImmediate(resolve)));
  }

  function owe(session: Session, topics: ReadonlyMap<number, number>): void {
    const last = Math.max(0, ...currentTopics(session.device.memberships).map((topicNum) => topics.get(topicNum) ?? 0));
    if (last > 0) due.set(session, last);
  }

  function write(session: Session, upTo: number): void {
    const { state, edge, device } = session;
    if (state.kind === 'closed') due.delete(session);
    if (state.kind !== 'live') return;
    const acknowledged = edge.acknowledged();
    // As when its edge goes: its device has received all up to the last batch that all devices have acknowledged.
    if (state.sinceBatch > acknowledged.batch) return;
    const through = resumePoint(session, acknowledged.through);
    if (through > Math.max(session.checkpointed, session.cursor ?? 0)) {
      session.checkpointed = through;
      cycle.advanceCursor(device.num, through);
    }
    if (through >= upTo) due.delete(session);
  }

  return {
    published(topicNums, pushId) {
      for (const topicNum of topicNums) pushed.set(topicNum, pushId);
    },
    caughtUp(session) {
      if (!due.has(session)) due.set(session, session.page.last);
    },
    async pass(isStopped = () => false) {
      const topics = pushed;
      pushed = new Map();
      let looked = 0;
      if (topics.size > 0) {
        for (const session of sessions()) {
          if (session.state.kind !== 'closed') owe(session, topics);
          if (++looked % SESSIONS_PER_TURN === 0) await breathe();
          if (isStopped()) return;
        }
      }
      for (const [session, upTo] of due) {
        write(session, upTo);
        if (++looked % SESSIONS_PER_TURN === 0) await breathe();
        if (isStopped()) return;
      }
    },
  };
}
