import { matchesPlatform } from '../../domain/device.js';
import type { InboxRow, StoreReader, TimelineRow, TopicRange } from '../../store/store.js';
import { type Backlog, type BacklogPage, fillPages } from './backlog-page.js';
import type { Session } from './session.js';

/** Maximum number of messages that one session gets before its device has to acknowledge them. */
const ENTRIES_PER_PAGE = 200;
const INBOX_ROWS = 5000;
const TIMELINE_ROWS = 2000;
type Reader = Pick<Session, 'device' | 'after' | 'cursor'>;

/**
 * Reads what waits for a set of sessions: their inboxes, what was pushed to their topics after their cursors, and what
 * was pushed to their topics before and is still unconfirmed.
 *
 * @param committed the last push that is committed: what is committed later is not read
 * @returns a page for each session
 */
export async function readBacklog<S extends Reader>(
  store: StoreReader,
  sessions: readonly S[],
  committed: number,
  now: number,
): Promise<Map<S, BacklogPage>> {
  const inbox = await store.readInbox(
    sessions.map(({ device, after }) => ({ deviceNum: device.num, after })),
    committed,
    now,
    INBOX_ROWS,
  );
  const unread = await store.readTimelines(
    rangesOf(sessions, (session) => Math.max(cursorOf(session), session.after)),
    committed,
    now,
    TIMELINE_ROWS,
  );
  // Behind its cursor a session looks only for what must be confirmed.
  const behind = sessions.filter((session) => cursorOf(session) > session.after);
  const confirmable = await store.readConfirmable(
    rangesOf(behind, ({ after }) => after),
    Math.min(committed, Math.max(0, ...behind.map(cursorOf))),
    now,
    TIMELINE_ROWS,
  );
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

  const chosen = new Map<S, Backlog>();
  for (const session of sessions) {
    const { device, after } = session;
    const own = new Map<number, number | undefined>();
    let upTo = Math.min(timelinesUpTo, inboxUpTo(inbox, device.num));
    for (const row of inboxOf.get(device.num) ?? []) if (row.pushId > after) own.set(row.pushId, row.id);
    for (const row of [...unread, ...confirmable]) {
      if (!row.needConfirm && row.pushId <= cursorOf(session)) continue;
      if (confirmed.get(row.pushId)?.has(device.num)) continue;
      if (concerns(row, session)) own.set(row.pushId, undefined);
    }
    const ids = [...own.keys()].filter((id) => id <= upTo).sort((a, b) => a - b);
    if (ids.length > ENTRIES_PER_PAGE) upTo = ids[ENTRIES_PER_PAGE - 1] ?? upTo;
    chosen.set(session, {
      rows: new Map(ids.slice(0, ENTRIES_PER_PAGE).map((id) => [id, own.get(id)])),
      bound: committed,
      upTo,
    });
  }
  return fillPages(store, chosen);
}

function cursorOf({ cursor }: Reader): number {
  return cursor ?? 0;
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

/**
 * Returns true if a topic push is for the session's device: it had the topic then, has the platform, and was not sent
 * it in this session.
 */
function concerns(row: TimelineRow, { device, after }: Reader): boolean {
  if (row.pushId <= after || !matchesPlatform(row.platform, device.platform)) return false;
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

/**
 * Returns the push up to which the inbox of a device has been read: rows come by device, so a full answer ends within
 * one.
 */
function inboxUpTo(rows: readonly InboxRow[], deviceNum: number): number {
  const last = rows.length >= INBOX_ROWS ? rows.at(-1) : undefined;
  if (last === undefined || deviceNum < last.deviceNum) return Number.POSITIVE_INFINITY;
  return deviceNum === last.deviceNum ? last.pushId : 0;
}
