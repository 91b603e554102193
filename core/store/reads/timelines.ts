import { matchesPlatform, type Subscriber } from '../../domain/device.js';
import type { DeliveryPlace, ReportReader, TimelineEntry } from '../../domain/queries.js';
import { endingCodes, platformCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, places, type Row, type SqlDriver, type SqlValue } from '../sql/driver.js';
import type { StoreReader } from '../store.js';
import { findWakes, wakeKey } from './wake-reports.js';

/** Maximum number of rows that a page reads, and of sources that one statement reads. */
const ROWS_PER_PAGE = 5000;
const SOURCES_PER_STATEMENT = 100;

/** Rows of one device or topic, whose push ids are a range. */
interface Source {
  kind: { deviceNum: number } | { topicNum: number };
  select: string;
  key: number;
  from: number;
  to: number;
}

/** The state of a push for one device. */
interface Found {
  /** Deliveries and receipts, by device. */
  rows: Map<number, Row>;
  /** The topics that it went to. */
  topicNums: number[];
}

/**
 * Merges what waits for devices, how deliveries to them ended, and the pushes to their topics. Each source is read as
 * far as it is bounded to; the page ends where the first of those that have more ends.
 */
export function createTimelineReads(
  driver: SqlDriver,
  lookUps: Pick<StoreReader, 'findSubscribers' | 'findCursors'>,
): Pick<ReportReader, 'readTimeline'> {
  /** The newest rows of each source; `complete`: all rows of pushes from there on are among them. */
  async function readNewest(
    sources: readonly Source[],
    limit: number,
  ): Promise<{ found: Map<number, Found>; complete: number }> {
    // Two or more: one may be of a push that the page before has told about in part.
    const each = Math.max(2, Math.min(limit + 1, Math.floor(ROWS_PER_PAGE / Math.max(1, sources.length))));
    const found = new Map<number, Found>();
    let complete = 0;
    for (const chunk of chunks(sources, SOURCES_PER_STATEMENT)) {
      const parts = chunk.map(
        ({ select }, index) =>
          `SELECT * FROM (SELECT ${index} AS source, ${select} AND push_id BETWEEN ? AND ? 
            ORDER BY push_id DESC LIMIT ?) AS part`,
      );
      const values = chunk.flatMap(({ key, from, to }): SqlValue[] => [key, from, to, each]);
      const counts = chunk.map(() => ({ rows: 0, oldest: Number.POSITIVE_INFINITY }));
      for (const row of await driver.all(parts.join(' UNION ALL '), values)) {
        const pushId = Number(row.push_id);
        const kind = chunk[Number(row.source)]?.kind;
        const count = counts[Number(row.source)];
        if (kind === undefined || count === undefined) continue;
        count.rows++;
        count.oldest = Math.min(count.oldest, pushId);
        const push = found.get(pushId) ?? { rows: new Map<number, Row>(), topicNums: [] };
        found.set(pushId, push);
        if ('topicNum' in kind) push.topicNums.push(kind.topicNum);
        else push.rows.set(kind.deviceNum, row);
      }
      for (const { rows, oldest } of counts) if (rows >= each) complete = Math.max(complete, oldest);
    }
    return { found, complete };
  }

  return {
    async readTimeline({ deviceIds, ofUser }, before, limit) {
      const devices = (await lookUps.findSubscribers(deviceIds)).toSorted((a, b) => b.num - a.num);
      const cursors = await lookUps.findCursors(devices.map(({ num }) => num));
      const deliveries = devices.flatMap((device) => deliverySources(driver, device, ofUser, before));
      const { found, complete } = await readNewest([...deliveries, ...topicSources(devices, before)], limit);
      const ids = [...found.keys()].filter((id) => id >= complete).toSorted((a, b) => b - a);
      const chosen = ids.slice(0, KEYS_PER_STATEMENT);
      const through = chosen.length < ids.length ? (chosen.at(-1) ?? 0) : complete;
      const pushes = new Map(
        chosen.length === 0
          ? []
          : (
              await driver.all(
                `SELECT id, job_id, platform, need_confirm, created_at, expires_at, first_delivery FROM pushes
                 WHERE id IN ${places(chosen.length)}`,
                chosen,
              )
            ).map((row) => [Number(row.id), row]),
      );
      const entries: Omit<TimelineEntry, 'wakes'>[] = [];
      let next: DeliveryPlace | undefined = through === 0 ? undefined : { pushId: through, deviceNum: 0 };
      for (const pushId of chosen) {
        const push = pushes.get(pushId);
        const { rows, topicNums } = found.get(pushId) ?? { rows: new Map<number, Row>(), topicNums: [] };
        // It is being removed.
        if (push === undefined) continue;
        for (const device of devices) {
          if (!isOlder({ pushId, deviceNum: device.num }, before)) continue;
          const row = rows.get(device.num);
          if (row === undefined && !topicNums.some((topicNum) => wasFor(device, pushId, topicNum, push))) continue;
          const read = pushId <= (cursors.get(device.num) ?? 0);
          entries.push(toEntry(device, pushId, push, row, read));
          if (entries.length < limit) continue;
          next = { pushId, deviceNum: device.num };
          break;
        }
        if (entries.length >= limit) break;
      }
      const wakes = await findWakes(
        driver,
        [...new Set(entries.map(({ pushId }) => pushId))],
        [...new Set(entries.map(({ deviceNum }) => deviceNum))],
      );
      return {
        entries: entries.map((entry) => ({ ...entry, wakes: wakes.get(wakeKey(entry.pushId, entry.deviceNum)) ?? [] })),
        next,
      };
    },
  };
}

/** Newest first: by push, then by device. */
function isOlder({ pushId, deviceNum }: DeliveryPlace, before: DeliveryPlace): boolean {
  return pushId < before.pushId || (pushId === before.pushId && deviceNum < before.deviceNum);
}

/** The last push that a device has entries of behind a place. */
function lastOf(deviceNum: number, before: DeliveryPlace): number {
  return deviceNum < before.deviceNum ? before.pushId : before.pushId - 1;
}

/** Both in one statement, so they see one moment: a delivery is in one of the two. */
function deliverySources(
  { forceIndex }: Pick<SqlDriver, 'forceIndex'>,
  { num, memberships }: Subscriber,
  ofUser: boolean,
  before: DeliveryPlace,
): Source[] {
  const inbox = `inbox${forceIndex('inbox_device')}`;
  const receipts = `receipts${forceIndex('receipts_device')}`;
  // Its membership of `everyone` began with its user, and none is older.
  const since = ofUser ? Math.min(...memberships.map((membership) => membership.since)) : 0;
  const range = { kind: { deviceNum: num }, key: num, from: since + 1, to: lastOf(num, before) };
  return [
    { ...range, select: `push_id, NULL AS ending, NULL AS ended_at FROM ${inbox} WHERE device_num = ?` },
    { ...range, select: `push_id, ending, ended_at FROM ${receipts} WHERE device_num = ?` },
  ];
}

function topicSources(devices: readonly Subscriber[], before: DeliveryPlace): Source[] {
  const sources = new Map<number, Source>();
  for (const { num, registered, memberships } of devices) {
    if (!registered) continue;
    for (const { topicNum, since, until } of memberships) {
      const to = Math.min(lastOf(num, before), until ?? Number.POSITIVE_INFINITY);
      const known = sources.get(topicNum);
      sources.set(topicNum, {
        kind: { topicNum },
        key: topicNum,
        from: Math.min(since + 1, known?.from ?? Number.POSITIVE_INFINITY),
        to: Math.max(to, known?.to ?? 0),
        select: 'push_id, NULL AS ending, NULL AS ended_at FROM timeline WHERE topic_num = ?',
      });
    }
  }
  return [...sources.values()].filter(({ from, to }) => from <= to);
}

function wasFor(device: Subscriber, pushId: number, topicNum: number, push: Row): boolean {
  return (
    device.registered &&
    matchesPlatform(platformCodes.fromCode(push.platform), device.platform) &&
    device.memberships.some(
      ({ topicNum: own, since, until }) => own === topicNum && pushId > since && (until === null || pushId <= until),
    )
  );
}

/** @param row of a delivery or a receipt; undefined for a push that is only on a topic */
function toEntry(
  { num, id }: Subscriber,
  pushId: number,
  push: Row,
  row: Row | undefined,
  read: boolean,
): Omit<TimelineEntry, 'wakes'> {
  const ended = row !== undefined && row.ending !== null;
  return {
    pushId,
    deviceNum: num,
    deviceId: id,
    requestId: Number(push.job_id ?? pushId),
    state: ended ? endingCodes.fromCode(row.ending) : undefined,
    endedAt: ended ? Number(row.ended_at) : undefined,
    topic: push.first_delivery === null,
    read,
    needConfirm: Boolean(push.need_confirm),
    createdAt: Number(push.created_at),
    expiresAt: Number(push.expires_at),
  };
}
