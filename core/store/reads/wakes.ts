import {
  channelCodes,
  environmentCodes,
  msgTypeCodes,
  platformCodes,
  priorityCodes,
  tokenStateCodes,
  wakePolicyCodes,
  wakeStateCodes,
} from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, places, type Row, type SqlDriver, type SqlValue } from '../sql/driver.js';
import { isFirstLane, smsLaneOf } from '../sql/lanes.js';
import { DUE, hasNoWake, IS_NEEDED, IS_WANTED, SENDING } from '../sql/wake-sql.js';
import type { DuePush, DueWake, WakeReader, Walk, WalkPage } from '../store.js';
import { createLaneReads } from './wake-lanes.js';

const ACTIVE = tokenStateCodes.toCode('active');
const ANY_PLATFORM = platformCodes.toCode('ALL');
const ACCEPTED = wakeStateCodes.toCode('accepted');
const UNKNOWN = wakeStateCodes.toCode('unknown');
const CMD = msgTypeCodes.toCode('CMD');
/** First of the numbers of an app's topic of everyone. */
const EVERYONE = '';

/** Reads what is due, and who is to be woken. */
export function createWakeReads(driver: SqlDriver): WakeReader {
  async function topicsOf(pushId: number): Promise<{ topicNum: number; platform: number; everyone: boolean }[]> {
    const rows = await driver.all(
      'SELECT l.topic_num, l.platform, o.tag FROM timeline l JOIN topics o ON o.num = l.topic_num WHERE l.push_id = ?',
      [pushId],
    );
    return rows.map((row) => {
      return {
        topicNum: Number(row.topic_num),
        platform: Number(row.platform),
        everyone: String(row.tag) === EVERYONE,
      };
    });
  }

  return {
    ...createLaneReads(driver),

    async findDueWakes(now, lanes, limit) {
      if (lanes.length === 0) return [];
      const parts = lanes.flatMap((lane, index) =>
        [DUE, SENDING].map(
          (state) => `SELECT * FROM (SELECT * FROM wakes WHERE state = ${state} AND lane = ${lane} AND due_at <= ?
            ORDER BY due_at LIMIT ?) AS part${index}_${state}`,
        ),
      );
      const rows = await driver.all(
        `SELECT w.push_id, w.device_num, w.channel, w.app_num, w.lane, w.attempt,
           w.doubts + CASE WHEN w.state = ${SENDING} THEN 1 ELSE 0 END AS doubts,
           p.id AS found, p.msg_type, p.need_confirm, p.created_at, p.expires_at, p.collapse_key, p.priority, p.wake,
           d.id AS device_id, d.alias, d.platform, d.mobile,
           t.channel AS token_channel, t.token, t.token_hash, t.environment, t.bundle, t.p256dh, t.auth,
           t.registered_at,
           ${IS_NEEDED} AS needed
         FROM (${parts.join(' UNION ALL ')}) AS w JOIN devices d ON d.num = w.device_num
           LEFT JOIN pushes p ON p.id = w.push_id
           LEFT JOIN device_tokens t ON t.device_num = w.device_num AND t.state = ${ACTIVE}
         ORDER BY w.due_at`,
        parts.flatMap(() => [now, limit]),
      );
      return rows.map(toDueWake);
    },

    async findDueWalks(now, limit, exceptLanes = []) {
      const rows = await driver.all(
        `SELECT k.push_id, k.lane, k.app_num, k.after_device, k.expires_at, p.wake,
           (SELECT COUNT(*) FROM wake_walks s WHERE s.push_id = k.push_id) AS lanes
         FROM wake_walks k JOIN pushes p ON p.id = k.push_id
         WHERE k.due_at <= ?${' AND k.lane <> ?'.repeat(exceptLanes.length)}
         ORDER BY k.due_at LIMIT ?`,
        [now, ...exceptLanes, limit],
      );
      const [next] = await driver.all('SELECT MIN(due_at) AS due FROM wake_walks WHERE due_at > ?', [now]);
      const walks = rows.map((row): Walk => {
        return {
          pushId: Number(row.push_id),
          appNum: Number(row.app_num),
          lane: isFirstLane(Number(row.lane)) ? undefined : Number(row.lane),
          lanes: Number(row.lanes),
          after: Number(row.after_device),
          expiresAt: Number(row.expires_at),
          wake: wakePolicyCodes.fromCode(row.wake),
        };
      });
      return { walks, next: next?.due == null ? undefined : Number(next.due) };
    },

    async findWalkPage({ pushId, lane = 0, after }, limit) {
      const topics = await topicsOf(pushId);
      const found = new Map<number, WalkPage['devices'][number]>();
      let through = Number.POSITIVE_INFINITY;
      for (const { topicNum, platform, everyone } of topics) {
        // As many rows as it looks at, whoever they are for.
        const page = everyone
          ? `SELECT device_num, 0 AS since_id, NULL AS until_id FROM device_tokens
             WHERE lane = ? AND device_num > ? ORDER BY device_num LIMIT ?`
          : `SELECT device_num, since_id, until_id FROM device_tags WHERE topic_num = ? AND device_num > ?
             ORDER BY device_num LIMIT ?`;
        const values: SqlValue[] = [everyone ? lane : topicNum, after, limit];
        const [end] = await driver.all(`SELECT COUNT(*) AS count, MAX(device_num) AS last FROM (${page}) AS m`, values);
        if (Number(end?.count ?? 0) >= limit) through = Math.min(through, Number(end?.last));
        const rows = await driver.all(
          `SELECT m.device_num, t.channel FROM (${page}) AS m
             JOIN device_tokens t ON t.device_num = m.device_num AND t.state = ${ACTIVE} AND t.lane = ?
             JOIN devices d ON d.num = m.device_num AND d.unregistered_at IS NULL AND d.since_id < ?
             JOIN pushes p ON p.id = ?
             LEFT JOIN cursors c ON c.device_num = m.device_num
           WHERE m.since_id < ? AND (m.until_id IS NULL OR m.until_id >= ?)
             AND (${platform} = ${ANY_PLATFORM} OR d.platform = ${platform})
             AND COALESCE(c.push_id, 0) < ? AND ${IS_WANTED} AND ${hasNoWake('p.id', 'm.device_num')}`,
          [...values, lane, pushId, pushId, pushId, pushId, pushId],
        );
        for (const row of rows) {
          const channel = channelCodes.fromCode(row.channel);
          // Tokens are of no other channels.
          if (!channel.startsWith('SMS_')) {
            const deviceNum = Number(row.device_num);
            found.set(deviceNum, { deviceNum, channel: channel as WalkPage['devices'][number]['channel'] });
          }
        }
      }
      const devices = [...found.values()].filter(({ deviceNum }) => deviceNum <= through);
      return { devices, through: Number.isFinite(through) ? through : undefined };
    },

    async findBackgroundWakes(deviceNums, since) {
      const found = new Map<number, number>();
      for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
        const rows = await driver.all(
          `SELECT w.device_num, MAX(w.changed_at) AS at FROM wakes w JOIN pushes p ON p.id = w.push_id
           WHERE w.device_num IN ${places(chunk.length)} AND w.state IN (${SENDING}, ${ACCEPTED}, ${UNKNOWN})
             AND w.changed_at > ? AND p.msg_type = ${CMD} GROUP BY w.device_num`,
          [...chunk, since],
        );
        for (const row of rows) found.set(Number(row.device_num), Number(row.at));
      }
      return found;
    },

    async findSentSms(appNum, since, limit) {
      // Of what has been sent the time at which it is due is that until which it could be under way.
      const parts = [SENDING, ACCEPTED, UNKNOWN].map(
        (state) => `SELECT * FROM (SELECT device_num, changed_at, due_at FROM wakes
          WHERE state = ${state} AND lane = ? AND due_at > ? ORDER BY due_at DESC LIMIT ?) AS part${state}`,
      );
      const rows = await driver.all(
        `SELECT d.mobile, w.changed_at FROM (${parts.join(' UNION ALL ')}) AS w JOIN devices d ON d.num = w.device_num
         ORDER BY w.due_at`,
        parts.flatMap(() => [smsLaneOf(appNum), since, limit]),
      );
      return rows.map((row) => ({ mobile: String(row.mobile ?? ''), at: Number(row.changed_at) }));
    },
  };
}

function toDueWake(row: Row): DueWake {
  const platform = platformCodes.fromCode(row.platform);
  return {
    pushId: Number(row.push_id),
    deviceNum: Number(row.device_num),
    channel: channelCodes.fromCode(row.channel),
    appNum: Number(row.app_num),
    lane: Number(row.lane),
    attempt: Number(row.attempt),
    doubts: Number(row.doubts),
    push: row.found === null ? undefined : toDuePush(row),
    needed: Number(row.needed ?? 0) === 1,
    device: {
      id: String(row.device_id),
      alias: String(row.alias),
      platform: platform === 'ALL' ? 'PC' : platform,
      mobile: row.mobile === null ? undefined : String(row.mobile),
    },
    token: row.token === null ? undefined : toToken(row),
  };
}

function toDuePush(row: Row): DuePush {
  return {
    msgType: msgTypeCodes.fromCode(row.msg_type),
    needConfirm: Boolean(row.need_confirm),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    collapseKey: row.collapse_key === null ? undefined : String(row.collapse_key),
    priority: priorityCodes.fromCode(row.priority),
    wake: wakePolicyCodes.fromCode(row.wake),
  };
}

function toToken(row: Row): NonNullable<DueWake['token']> {
  return {
    // Tokens are of no channel that goes by phone numbers.
    channel: channelCodes.fromCode(row.token_channel) as NonNullable<DueWake['token']>['channel'],
    token: String(row.token),
    environment: environmentCodes.fromCode(row.environment),
    bundle: row.bundle === null ? undefined : String(row.bundle),
    keys: row.p256dh === null ? undefined : { p256dh: String(row.p256dh), auth: String(row.auth ?? '') },
    hash: String(row.token_hash),
    registeredAt: Number(row.registered_at),
  };
}
