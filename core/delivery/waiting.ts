import { matchesPlatform } from '../domain/device.js';
import type { InboxRow, LookUps, TimelineRow, TopicRange } from '../store/store.js';
import { fillPages, type Page, type Waiting } from './pages.js';
import type { Session } from './session.js';

/** How many messages one session gets before its socket has to drain, and how much one read looks at. */
const ENTRIES_PER_PAGE = 200;
const INBOX_ROWS = 5000;
const TIMELINE_ROWS = 2000;

type Reader = Pick<Session, 'device' | 'after' | 'cursor'>;

/**
 * Reads what waits for a set of sessions, up to push `bound`: their inboxes, what was pushed to their topics after their cursors,
 * and what was pushed to their topics before and is still unconfirmed.
 *
 * @returns a page for each session; one whose `through` is below `bound` has more, or is to be read again
 */
export async function readWaiting<S extends Reader>(
  store: LookUps,
  sessions: readonly S[],
  bound: number,
  now: number,
): Promise<Map<S, Page>> {
  const inbox = await store.readInbox(
    sessions.map(({ device, after }) => ({ deviceNum: device.num, after })),
    bound,
    now,
    INBOX_ROWS,
  );
  const unread = await store.readTimelines(rangesOf(sessions, unreadFrom), bound, now, TIMELINE_ROWS);
  // Behind its cursor a session looks only for what must be confirmed.
  const behind = sessions.filter((session) => session.after < cursorOf(session));
  const lastCursor = Math.max(0, ...behind.map(cursorOf));
  const confirmable = await store.readConfirmable(
    rangesOf(behind, (session) => session.after),
    Math.min(bound, lastCursor),
    now,
    TIMELINE_ROWS,
  );
  // Ahead of its cursor too: the cursor of a session that ended with its edge or core may not have been kept.
  const mustConfirm = [...confirmable, ...unread.filter((row) => row.needConfirm)];
  const confirmed = await store.findConfirmed(
    [...new Set(mustConfirm.map((row) => row.pushId))],
    sessions.map(({ device }) => device.num),
  );
  const timelineBound = Math.min(
    lastIfFull(unread, TIMELINE_ROWS, bound),
    lastIfFull(confirmable, TIMELINE_ROWS, bound),
  );
  const inboxOf = new Map<number, InboxRow[]>();
  for (const row of inbox) {
    const rows = inboxOf.get(row.deviceNum);
    if (rows === undefined) inboxOf.set(row.deviceNum, [row]);
    else rows.push(row);
  }

  const chosen = new Map<S, Waiting>();
  for (const session of sessions) {
    const { device, after } = session;
    const rows = new Map<number, number | undefined>();
    let through = Math.max(after, Math.min(timelineBound, inboxBound(inbox, device.num, after, bound)));
    for (const row of inboxOf.get(device.num) ?? []) rows.set(row.pushId, row.id);
    for (const row of [...unread, ...confirmable]) {
      if (row.pushId <= cursorOf(session) && !row.needConfirm) continue;
      if (confirmed.get(row.pushId)?.has(device.num)) continue;
      if (concerns(row, session)) rows.set(row.pushId, undefined);
    }
    const ids = [...rows.keys()].filter((id) => id <= through).sort((a, b) => a - b);
    if (ids.length > ENTRIES_PER_PAGE) through = ids[ENTRIES_PER_PAGE - 1] ?? through;
    chosen.set(session, {
      rows: new Map(ids.slice(0, ENTRIES_PER_PAGE).map((id) => [id, rows.get(id)])),
      through,
    });
  }
  return fillPages(store, chosen);
}

function cursorOf({ cursor }: Reader): number {
  return cursor ?? 0;
}

function unreadFrom(session: Reader): number {
  return Math.max(session.after, cursorOf(session));
}

/** For each topic of the sessions, from where to read so that it serves all of them. */
function rangesOf<S extends Reader>(sessions: readonly S[], from: (session: S) => number): TopicRange[] {
  const starts = new Map<number, number>();
  for (const session of sessions) {
    for (const { topicNum, since } of session.device.memberships) {
      const after = Math.max(since, from(session));
      starts.set(topicNum, Math.min(after, starts.get(topicNum) ?? Number.POSITIVE_INFINITY));
    }
  }
  return [...starts].map(([topicNum, after]) => ({ topicNum, after }));
}

/** Whether a topic push is for the session's device: it had the topic then, has the platform, and was not sent it in this session. */
function concerns(row: TimelineRow, { device, after }: Reader): boolean {
  if (row.pushId <= after || !matchesPlatform(row.platform, device.platform)) return false;
  return device.memberships.some(
    ({ topicNum, since, until }) =>
      topicNum === row.topicNum && row.pushId > since && (until === null || row.pushId <= until),
  );
}

/** An answer with as many rows as were asked for may go on after its last row. */
function lastIfFull(rows: readonly TimelineRow[], limit: number, bound: number): number {
  const last = rows.length >= limit ? rows.at(-1) : undefined;
  // Others with the last row's id may have been cut off: that push is left for the next read.
  return last === undefined ? bound : last.pushId - 1;
}

/** How far the inbox of a device has been read: rows come by device, so a full answer ends within one. */
function inboxBound(rows: readonly InboxRow[], deviceNum: number, after: number, bound: number): number {
  const last = rows.length >= INBOX_ROWS ? rows.at(-1) : undefined;
  if (last === undefined || deviceNum < last.deviceNum) return bound;
  return deviceNum === last.deviceNum ? last.pushId : after;
}
