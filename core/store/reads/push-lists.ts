import { firstIdAt } from '../../domain/id-clock.js';
import {
  type PushFilter,
  type PushReach,
  type PushState,
  type PushSummary,
  stateOfPush,
} from '../../domain/push-list.js';
import type { ReportReader } from '../../domain/queries.js';
import { jobStateCodes, msgTypeCodes, platformCodes, priorityCodes } from '../sql/codes.js';
import { decodeContent } from '../sql/content.js';
import type { Row, SqlDriver } from '../sql/driver.js';
import { decodeSpec } from '../sql/job-spec.js';

/** Rows that one question looks at: on SQLite the core does nothing else meanwhile. */
const LOOKED_AT = 400;
/** Of these, jobs that are read at a time, and bytes of specs that are enough: one may name thousands of users. */
const JOBS_AT_ONCE = 16;
const SPEC_BYTES = 1024 * 1024;
/** Bytes of contents that are read for the beginnings of texts. */
const CONTENT_BYTES = 1024 * 1024;
const ALERT_LENGTH = 200;
/** Milliseconds that ids may be ahead of the clock: a burst runs ahead of it. */
const AHEAD_MS = 1000;
const CANCELLED = jobStateCodes.toCode('cancelled');

/** States that no push has but that of a job. */
const ONLY_OF_JOBS: ReadonlySet<PushState> = new Set(['scheduled', 'running', 'failed']);

/** Rows, and down to which id they are all; 0: to the end. */
interface LookedAt {
  readonly rows: readonly Row[];
  readonly floor: number;
}

type Listed = PushSummary & { readonly contentBytes: number };

/** Lists the pushes of an app, as their callers sent them: the parts of a job are not listed, but the job. */
export function createPushListReads(driver: SqlDriver): Pick<ReportReader, 'listPushes'> {
  /** The next rows of a table, the newest first, down to a floor. */
  function readRows(
    table: 'pushes' | 'jobs',
    columns: string,
    { appNum, from = 0, until = Number.MAX_SAFE_INTEGER }: PushFilter,
    { before, floor, limit }: { before: number; floor: number; limit: number },
  ): Promise<Row[]> {
    return driver.all(
      `SELECT id, ${columns} FROM ${table}${driver.forceIndex(`${table}_app`)}
       WHERE app_num = ? AND id < ? AND id >= ? AND created_at < ? AND (created_at >= ? OR id >= ?)
       ORDER BY id DESC LIMIT ${limit}`,
      [
        appNum,
        Math.min(before, firstIdAt(until + AHEAD_MS)),
        Math.max(floor, firstIdAt(from)),
        until,
        from,
        firstIdAt(from + AHEAD_MS),
      ],
    );
  }

  /** The next pushes; none where only jobs have such a state. */
  async function readPushes(filter: PushFilter, before: number): Promise<LookedAt> {
    if (filter.state !== undefined && ONLY_OF_JOBS.has(filter.state)) return { rows: [], floor: 0 };
    const columns = `tenant_code, platform, msg_type, need_confirm, targeted, first_delivery, published, created_at,
      expires_at, priority, recalled_at, job_id, content_bytes`;
    const rows = await readRows('pushes', columns, filter, { before, floor: 0, limit: LOOKED_AT });
    return { rows, floor: rows.length < LOOKED_AT ? 0 : idOf(rows.at(-1)) };
  }

  /** The next jobs down to a floor, as far as their specs are not too much together. */
  async function readJobs(filter: PushFilter, before: number, floor: number): Promise<LookedAt> {
    const rows: Row[] = [];
    let bytes = 0;
    for (
      let end = before, limit = JOBS_AT_ONCE;
      rows.length < LOOKED_AT && bytes < SPEC_BYTES;
      end = idOf(rows.at(-1))
    ) {
      const columns = 'state, due_at, created_at, expires_at, spec';
      const some = await readRows('jobs', columns, filter, { before: end, floor, limit });
      for (const row of some) {
        rows.push(row);
        bytes += String(row.spec).length;
      }
      if (some.length < limit) return { rows, floor };
      // As many more as are still enough if they are as large.
      limit = Math.max(JOBS_AT_ONCE, Math.floor((rows.length * (SPEC_BYTES - bytes)) / Math.max(1, bytes)));
      limit = Math.min(limit, LOOKED_AT - rows.length || JOBS_AT_ONCE);
    }
    return { rows, floor: idOf(rows.at(-1)) };
  }

  /** The beginnings of the texts of pushes, as far as their contents are not too much together. */
  async function readAlerts(pushes: readonly Listed[]): Promise<Map<number, string>> {
    const ids: number[] = [];
    let bytes = 0;
    for (const { id, contentBytes } of pushes) {
      bytes += contentBytes;
      if (contentBytes > 0 && bytes <= CONTENT_BYTES) ids.push(id);
    }
    if (ids.length === 0) return new Map();
    const rows = await driver.all(
      `SELECT id, content FROM pushes WHERE id IN (${ids.join(', ')}) AND content IS NOT NULL`,
      [],
    );
    return new Map(rows.map(({ id, content }) => [Number(id), beginningOf(decodeContent(String(content)).alert)]));
  }

  return {
    async listPushes(filter, before, limit, now) {
      const pushRows = await readPushes(filter, before);
      const jobRows = await readJobs(filter, before, pushRows.floor);
      // Down to where both were looked at.
      const { floor } = jobRows;
      const all = [
        ...pushRows.rows.filter(({ job_id }) => job_id === null).map((row) => toPush(row, now)),
        ...jobRows.rows.map((row) => toJob(row, now)),
      ];
      const found = all
        .filter((push) => push.id >= floor && isFor(filter, push))
        .sort((a, b) => b.id - a.id)
        .slice(0, limit);
      const last = found.length === limit ? found.at(-1)?.id : undefined;
      const next = last ?? (floor > 0 ? floor : undefined);
      const alerts = await readAlerts(found);
      return {
        pushes: found.map(({ contentBytes, ...push }) => ({ ...push, alert: push.alert ?? alerts.get(push.id) })),
        next,
      };
    },
  };
}

function isFor({ state, reach, tenantCode }: PushFilter, push: PushSummary): boolean {
  if (state !== undefined && push.state !== state) return false;
  if (reach !== undefined && push.reach !== reach) return false;
  return tenantCode === undefined || push.tenantCode === tenantCode;
}

function toPush(row: Row, now: number): Listed {
  const expiresAt = Number(row.expires_at);
  const isTopical = row.targeted === null && row.first_delivery === null;
  return {
    id: idOf(row),
    platform: platformCodes.fromCode(row.platform),
    tenantCode: String(row.tenant_code),
    msgType: msgTypeCodes.fromCode(row.msg_type),
    needConfirm: Boolean(row.need_confirm),
    priority: priorityCodes.fromCode(row.priority),
    createdAt: Number(row.created_at),
    expiresAt,
    state: stateOfPush({ recalled: row.recalled_at !== null, expiresAt, job: undefined }, now),
    reach: isTopical ? 'topics' : 'devices',
    sendAt: undefined,
    devices: Number((isTopical ? row.published : row.targeted) ?? 0),
    alert: undefined,
    contentBytes: Number(row.content_bytes),
  };
}

function toJob(row: Row, now: number): Listed {
  const { header, work } = decodeSpec(row.spec);
  const job = { state: jobStateCodes.fromCode(row.state), dueAt: Number(row.due_at) };
  const [createdAt, expiresAt] = [Number(row.created_at), Number(row.expires_at)];
  let reach: PushReach = 'unknown';
  if (work !== undefined) reach = work.reach.kind === 'topics' ? 'topics' : 'devices';
  return {
    id: idOf(row),
    platform: header.platform,
    tenantCode: header.tenantCode,
    msgType: header.msgType,
    needConfirm: header.needConfirm,
    priority: header.priority ?? 'NORMAL',
    createdAt,
    expiresAt,
    state: stateOfPush({ recalled: Number(row.state) === CANCELLED, expiresAt, job }, now),
    reach,
    sendAt: job.dueAt > createdAt ? job.dueAt : undefined,
    devices: 0,
    alert: work && beginningOf(work.content.alert),
    contentBytes: 0,
  };
}

function idOf(row: Row | undefined): number {
  return Number(row?.id ?? 0);
}

/** Cut between characters. */
function beginningOf(text: string): string {
  return text.slice(0, ALERT_LENGTH).toWellFormed();
}
