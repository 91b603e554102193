import { setImmediate as nextTurn } from 'node:timers/promises';
import { and, asc, eq, gt, isNull } from 'drizzle-orm';
import type { Every } from '../../../common/every.js';
import type { PushHeader } from '../../domain/push.js';
import type { PushReport, ReportReader } from '../../domain/queries.js';
import { jobStateCodes, msgTypeCodes, platformCodes, priorityCodes, wakePolicyCodes } from '../sql/codes.js';
import { decodeContent } from '../sql/content.js';
import type { Row, SqlDriver } from '../sql/driver.js';
import { decodeSpec } from '../sql/job-spec.js';
import { readTags } from '../writes/device-updates.js';
import { deviceColumns, toDevice } from './registry.js';
import { countDeliveries } from './report-counts.js';
import { readTokens } from './tokens.js';
import { countWakes } from './wake-reports.js';

const MESSAGE_IDS = 1000;

/** Answers the questions of apps. */
export function createQueryReads(driver: SqlDriver): Pick<ReportReader, 'findPushReport' | 'listDevices'> {
  const { devices, deviceTags } = driver.tables;

  async function findJob(
    id: number,
    appNum: number,
  ): Promise<(Pick<PushReport, 'job' | 'content' | 'topic'> & { described: Described }) | undefined> {
    const [row] = await driver.all(
      'SELECT state, due_at, created_at, expires_at, spec FROM jobs WHERE id = ? AND app_num = ?',
      [id, appNum],
    );
    if (row === undefined) return undefined;
    const { header, work, failure } = decodeSpec(row.spec);
    return {
      job: { state: jobStateCodes.fromCode(row.state), dueAt: Number(row.due_at), failure },
      described: {
        ...header,
        collapseKey: header.collapseKey ?? '',
        priority: header.priority ?? 'NORMAL',
        wake: header.wake ?? 'OFFLINE',
        createdAt: Number(row.created_at),
        expiresAt: Number(row.expires_at),
      },
      content: work?.content,
      topic: work?.reach.kind === 'topics',
    };
  }

  /** Undefined: it is erased. */
  async function contentOf(pushId: number): Promise<PushReport['content']> {
    const [row] = await driver.all('SELECT content FROM pushes WHERE id = ? AND content IS NOT NULL', [pushId]);
    return row && decodeContent(String(row.content));
  }

  /** Returns the parts of a push in order; all of them, since an answer is about all of them. */
  async function partsOf(id: number, appNum: number): Promise<Row[]> {
    const parts: Row[] = [];
    for (;;) {
      const page = await driver.all(
        `SELECT id, app_num, tenant_code, platform, msg_type, need_confirm, targeted,
          first_delivery, last_delivery, published,
           created_at, expires_at, collapse_key, priority, wake, clear_on_read, recalled_at
         FROM pushes WHERE ((id = ? AND job_id IS NULL) OR job_id = ?) AND app_num = ? AND id > ? ORDER BY id LIMIT ?`,
        [id, id, appNum, Number(parts.at(-1)?.id ?? 0), MESSAGE_IDS],
      );
      for (const part of page) parts.push(part);
      if (page.length < MESSAGE_IDS) return parts;
      await nextTurn();
    }
  }

  return {
    async findPushReport(id, appNum) {
      // First: what it has come to later is not less than what it says here.
      const found = await findJob(id, appNum);
      const parts = await partsOf(id, appNum);
      const [first] = parts;
      const described = found?.described ?? (first && describe(first));
      if (described === undefined) return undefined;
      return {
        id,
        appNum,
        ...described,
        recalled: found?.job?.state === 'cancelled' || parts.some((row) => row.recalled_at !== null),
        content: first === undefined ? found?.content : await contentOf(Number(first.id)),
        messageIds: parts.slice(0, MESSAGE_IDS).map((row) => Number(row.id)),
        // While it is being removed it has no sum, but still numbers.
        topic: first === undefined ? found?.topic === true : first.targeted === null && first.first_delivery === null,
        published: parts.reduce((sum, row) => sum + Number(row.published), 0),
        counts: await countDeliveries(driver, parts),
        wakes: await countWakes(driver, parts),
        job: found?.job,
      };
    },

    async listDevices(by, after, limit) {
      const columns = {
        ...deviceColumns(driver.tables),
        alias: devices.alias,
        mobile: devices.mobile,
        registeredAt: devices.registeredAt,
      };
      const rows =
        by.kind === 'alias'
          ? await driver.db
              .select(columns)
              .from(devices)
              .where(
                and(
                  eq(devices.appNum, by.appNum),
                  eq(devices.alias, by.alias),
                  isNull(devices.unregisteredAt),
                  gt(devices.num, after),
                ),
              )
              .orderBy(asc(devices.num))
              .limit(limit)
          : await driver.db
              .select(columns)
              .from(deviceTags)
              .innerJoin(devices, eq(devices.num, deviceTags.deviceNum))
              .where(
                and(eq(deviceTags.topicNum, by.topicNum), isNull(deviceTags.untilId), gt(deviceTags.deviceNum, after)),
              )
              .orderBy(asc(deviceTags.deviceNum))
              .limit(limit);
      const nums = rows.map(({ num }) => num);
      const tags = await readTags(driver.tables, driver, nums);
      const tokens = await readTokens(driver.tables, driver, nums);
      return rows.map(({ alias, mobile, registeredAt, ...row }) => {
        const { num, id, platform } = toDevice(row);
        return { num, id, alias, platform, tags: tags.get(num) ?? [], mobile, registeredAt, token: tokens.get(num) };
      });
    },
  };
}

/** The fields in which a push describes itself. */
type Described = Omit<PushHeader, 'appId' | 'appNum'> &
  Pick<PushReport, 'collapseKey' | 'priority' | 'wake' | 'createdAt' | 'expiresAt'>;

function describe(row: Row): Every<Described> {
  return {
    tenantCode: String(row.tenant_code),
    platform: platformCodes.fromCode(row.platform),
    msgType: msgTypeCodes.fromCode(row.msg_type),
    needConfirm: Boolean(row.need_confirm),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    collapseKey: row.collapse_key === null ? '' : String(row.collapse_key),
    priority: priorityCodes.fromCode(row.priority),
    wake: wakePolicyCodes.fromCode(row.wake),
    clearOnRead: Boolean(row.clear_on_read),
  };
}
