import { hasReached, merge, type Position, pointOf, START } from '../../common/position.js';
import { coreOf, lastIdOf } from '../../common/push-id.js';
import { matchesPlatform } from '../domain/device.js';
import { firstIdAt } from '../domain/id-clock.js';
import type { InboxRow, LookUps, TimelineRow, TopicRange } from '../store/store.js';
import { fillPages, type Page, type Waiting } from './pages.js';
import type { Session } from './session.js';

/** How many messages one session gets before its socket has to drain, and how much one read looks at. */
const ENTRIES_PER_PAGE = 200;
const INBOX_ROWS = 5000;
const TIMELINE_ROWS = 2000;
/**
 * A push can be read so many milliseconds after its id says that it was accepted, whichever core that was: a commit takes less, and
 * the clocks of the cores differ by less.
 */
const VISIBLE_AFTER = 60_000;

type Reader = Pick<Session, 'device' | 'after' | 'cursor'>;

/** How far a read may look. */
export interface Horizon {
  /** This core's last push that is committed: what it commits later is not read. Of the other cores, all is read that can be. */
  committed: number;
  /** All cores that may have pushes. */
  cores: readonly number[];
}

interface Rows {
  inbox: readonly InboxRow[];
  unread: readonly TimelineRow[];
  confirmable: readonly TimelineRow[];
}

/**
 * Reads what waits for a set of sessions: their inboxes, what was pushed to their topics after their cursors, and what was pushed to
 * their topics before and is still unconfirmed.
 *
 * @returns a page for each session
 */
export async function readWaiting<S extends Reader>(
  store: LookUps,
  sessions: readonly S[],
  horizon: Horizon,
  now: number,
): Promise<Map<S, Page>> {
  let rows = await readRows(store, sessions, horizon, now);
  const known = merge([horizon.committed], visibleOfOthers(horizon, now));
  const bound = merge(known, idsOf(rows, coreOf(horizon.committed)));
  // What came while it was read may have been seen in one answer and not in another. A core commits in the order of its ids, so that
  // another look has all up to what was seen.
  if (bound.some((id) => !hasReached(known, id))) rows = await readRows(store, sessions, horizon, now);
  const { inbox, unread, confirmable } = rows;
  // Ahead of its cursor too: the cursor of a session that ended with its edge or core may not have been kept.
  const mustConfirm = [...confirmable, ...unread.filter((row) => row.needConfirm)];
  const confirmed = await store.findConfirmed(
    [...new Set(mustConfirm.map((row) => row.pushId))],
    sessions.map(({ device }) => device.num),
  );
  const timelinesUpTo = Math.min(lastIfFull(unread), lastIfFull(confirmable));
  const inboxOf = new Map<number, InboxRow[]>();
  for (const row of inbox) {
    const own = inboxOf.get(row.deviceNum);
    if (own === undefined) inboxOf.set(row.deviceNum, [row]);
    else own.push(row);
  }

  const chosen = new Map<S, Waiting>();
  for (const session of sessions) {
    const { device, after } = session;
    const own = new Map<number, number | undefined>();
    let upTo = Math.min(timelinesUpTo, inboxUpTo(inbox, device.num));
    for (const row of inboxOf.get(device.num) ?? []) if (!hasReached(after, row.pushId)) own.set(row.pushId, row.id);
    for (const row of [...unread, ...confirmable]) {
      if (!row.needConfirm && hasReached(cursorOf(session), row.pushId)) continue;
      if (confirmed.get(row.pushId)?.has(device.num)) continue;
      if (concerns(row, session)) own.set(row.pushId, undefined);
    }
    const ids = [...own.keys()].filter((id) => id <= upTo && hasReached(bound, id)).sort((a, b) => a - b);
    if (ids.length > ENTRIES_PER_PAGE) upTo = ids[ENTRIES_PER_PAGE - 1] ?? upTo;
    chosen.set(session, {
      rows: new Map(ids.slice(0, ENTRIES_PER_PAGE).map((id) => [id, own.get(id)])),
      bound,
      upTo,
    });
  }
  return fillPages(store, chosen);
}

async function readRows(
  store: LookUps,
  sessions: readonly Reader[],
  { committed, cores }: Horizon,
  now: number,
): Promise<Rows> {
  const own = coreOf(committed);
  const all = cores.includes(own) ? cores : [...cores, own];
  const last = all.length > 1 ? Number.MAX_SAFE_INTEGER : committed;
  /** The answers are cut by one number: what lies above it and is behind a position all the same is left out afterwards. */
  const lowest = (position: Position): number => Math.min(...all.map((core) => pointOf(position, core)));
  const inbox = await store.readInbox(
    sessions.map(({ device, after }) => ({ deviceNum: device.num, after: lowest(after) })),
    last,
    now,
    INBOX_ROWS,
  );
  const unread = await store.readTimelines(
    rangesOf(sessions, (session) => lowest(merge(cursorOf(session), session.after))),
    last,
    now,
    TIMELINE_ROWS,
  );
  // Behind its cursor a session looks only for what must be confirmed.
  const behind = sessions.filter((session) => cursorOf(session).some((id) => !hasReached(session.after, id)));
  const confirmable = await store.readConfirmable(
    rangesOf(behind, (session) => lowest(session.after)),
    Math.min(last, Math.max(0, ...behind.flatMap(cursorOf))),
    now,
    TIMELINE_ROWS,
  );
  return { inbox, unread, confirmable };
}

/** Up to where all pushes of the other cores can be read by now, for what their ids say. */
function visibleOfOthers({ committed, cores }: Horizon, now: number): Position {
  const others = cores.filter((core) => core !== coreOf(committed));
  return others.map((core) => lastIdOf(core, firstIdAt(now - VISIBLE_AFTER))).filter((id) => id > 0);
}

/** The pushes of other cores in an answer. */
function idsOf({ inbox, unread, confirmable }: Rows, own: number): number[] {
  const ids: number[] = [];
  for (const rows of [inbox, unread, confirmable]) {
    for (const { pushId } of rows) if (coreOf(pushId) !== own) ids.push(pushId);
  }
  return ids;
}

function cursorOf({ cursor }: Reader): Position {
  return cursor ?? START;
}

/** For each topic of the sessions, from where to read so that it serves all of them. */
function rangesOf<S extends Reader>(sessions: readonly S[], from: (session: S) => number): TopicRange[] {
  const starts = new Map<number, number>();
  for (const session of sessions) {
    const start = from(session);
    for (const { topicNum, since } of session.device.memberships) {
      const after = Math.max(since, start);
      starts.set(topicNum, Math.min(after, starts.get(topicNum) ?? Number.POSITIVE_INFINITY));
    }
  }
  return [...starts].map(([topicNum, after]) => ({ topicNum, after }));
}

/** Whether a topic push is for the session's device: it had the topic then, has the platform, and was not sent it in this session. */
function concerns(row: TimelineRow, { device, after }: Reader): boolean {
  if (hasReached(after, row.pushId) || !matchesPlatform(row.platform, device.platform)) return false;
  return device.memberships.some(
    ({ topicNum, since, until }) =>
      topicNum === row.topicNum && row.pushId > since && (until === null || row.pushId <= until),
  );
}

/** An answer with as many rows as were asked for may go on after its last row. */
function lastIfFull(rows: readonly TimelineRow[]): number {
  const last = rows.length >= TIMELINE_ROWS ? rows.at(-1) : undefined;
  // Others with the last row's id may have been cut off: that push is left for the next read.
  return last === undefined ? Number.POSITIVE_INFINITY : last.pushId - 1;
}

/** How far the inbox of a device has been read: rows come by device, so a full answer ends within one. */
function inboxUpTo(rows: readonly InboxRow[], deviceNum: number): number {
  const last = rows.length >= INBOX_ROWS ? rows.at(-1) : undefined;
  if (last === undefined || deviceNum < last.deviceNum) return Number.POSITIVE_INFINITY;
  return deviceNum === last.deviceNum ? last.pushId : 0;
}
