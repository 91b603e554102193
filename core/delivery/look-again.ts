import { describeError, type Logger } from '../../common/log.js';
import { hasReached, merge, pointOf } from '../../common/position.js';
import { coreOf } from '../../common/push-id.js';
import { firstIdAt } from '../domain/id-clock.js';
import type { InboxRow, LookUps } from '../store/store.js';
import { createOutgoing } from './outgoing.js';
import { type Session, sendTo } from './session.js';
import type { WriteCycle } from './write-cycle.js';

/**
 * Looks whether something has waited for long in the inboxes of devices that are online, which should not happen: a commit that the
 * database finished after its core had died, a push of another core that nobody told this one of. What the session was not handed, it
 * is sent.
 *
 * Costs a query for each set of sessions and nothing for offline devices; each row is looked at once in a session.
 */
export interface LookAgain {
  /** Looks at the next sessions in turn; does nothing while the last step goes on. */
  step(): Promise<void>;
  /** A push is recalled: it is not sent any more. */
  recalled(pushId: number): void;
}

/** How long a message waits before it is looked at, in milliseconds. */
const WAITED = 30_000;
const SESSIONS_PER_STEP = 500;
const ROWS_PER_STEP = 200;

type LiveState = Session['state'] & { kind: 'live' };

interface Looked {
  session: Session;
  state: LiveState;
  /** The core's last push that the edge has handled with what came before it. */
  handled: number;
}

export function createLookAgain(options: {
  /** All sessions of this core, in any state. */
  sessions: () => Iterable<Session>;
  /** Has a live session read again what it was not handed. */
  readAgain: (session: Session) => void;
  store: Pick<LookUps, 'readInbox' | 'findPushes'>;
  cycle: Pick<WriteCycle, 'settle' | 'lastCommitted'>;
  log: Logger;
  now?: () => number;
}): LookAgain {
  const { sessions, readAgain, store, cycle, log, now = Date.now } = options;
  let inTurn: Iterator<Session> | undefined;
  /** What is recalled while a step goes on; undefined: none does. */
  let recalled: Set<number> | undefined;

  /** The next live sessions of which the edge has handled what made them live. */
  function next(): Map<number, Looked> {
    const own = coreOf(cycle.lastCommitted());
    const found = new Map<number, Looked>();
    inTurn ??= sessions()[Symbol.iterator]();
    for (let looked = 0; looked < SESSIONS_PER_STEP; looked++) {
      const { done, value: session } = inTurn.next();
      if (done) {
        inTurn = undefined;
        break;
      }
      const { state, edge, device } = session;
      const processed = edge.processed();
      if (state.kind !== 'live' || state.sinceBatch > processed.batch) continue;
      found.set(device.num, { session, state, handled: pointOf(processed.through, own) });
    }
    return found;
  }

  /** Whether the session was never sent it: it is of another core, and came after the session's last read. */
  function isNews({ pushId }: InboxRow, { after, page }: Session): boolean {
    return coreOf(pushId) !== coreOf(cycle.lastCommitted()) && !hasReached(merge(after, page.through), pushId);
  }

  async function look(): Promise<void> {
    const looked = next();
    if (looked.size === 0) return;
    // What these edges have reported as delivered is in no inbox any more.
    await cycle.settle();
    const time = now();
    const through = firstIdAt(time - WAITED);
    const devices = [...looked].map(([deviceNum, { session }]) => ({ deviceNum, after: session.looked }));
    const rows = await store.readInbox(devices, through, time, ROWS_PER_STEP);
    await send(rows, looked);
    // Not before, and not of a session that has stalled or read again meanwhile: what it was not sent is looked at again.
    const full = rows.length < ROWS_PER_STEP ? undefined : rows.at(-1);
    for (const [deviceNum, { session, state }] of looked) {
      if (session.state !== state) continue;
      if (full === undefined || deviceNum < full.deviceNum) session.looked = Math.max(session.looked, through);
      else if (deviceNum === full.deviceNum) session.looked = full.pushId;
    }
  }

  async function send(rows: readonly InboxRow[], looked: ReadonlyMap<number, Looked>): Promise<void> {
    if (rows.length === 0) return;
    const pushes = await store.findPushes([...new Set(rows.map(({ pushId }) => pushId))]);
    const outgoing = new Map(pushes.map((push) => [push.id, createOutgoing(push)]));
    let sent = 0;
    for (const row of rows) {
      const { session, state, handled } = looked.get(row.deviceNum) ?? {};
      const message = outgoing.get(row.pushId);
      if (message === undefined || recalled?.has(row.pushId)) continue;
      // It has stalled, read again or closed meanwhile.
      if (session === undefined || session.state !== state) continue;
      if (isNews(row, session)) {
        readAgain(session);
        sent++;
        continue;
      }
      // What must be confirmed waits for the device. The rest would be gone if it had been handed over.
      const underWay = coreOf(row.pushId) === coreOf(cycle.lastCommitted()) && row.pushId > (handled ?? 0);
      if (message.push.needConfirm || underWay) continue;
      sendTo(session, message, row.id);
      sent++;
    }
    if (sent > 0) log.warn({ deliveries: sent }, 'messages waited for devices that are online');
  }

  return {
    async step() {
      if (recalled !== undefined) return;
      recalled = new Set();
      try {
        await look();
      } catch (error) {
        log.debug(describeError(error), 'inboxes cannot be looked at again now');
      } finally {
        recalled = undefined;
      }
    },
    recalled: (pushId) => recalled?.add(pushId),
  };
}
