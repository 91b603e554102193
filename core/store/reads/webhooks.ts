import type { DeadLetter } from '../../domain/webhook.js';
import { webhookEventCodes } from '../sql/codes.js';
import type { Row, SqlDriver } from '../sql/driver.js';
import type { StoredWebhook, WebhookReader } from '../store.js';
import { positionOf } from './receipts.js';

/** Number of webhooks that one statement reads. */
const PAGE = 500;
const DEAD_LETTER = 'num, event, reason, attempts, failed_at, replaying';

/** SQL for webhooks `w`, with the id of their app. */
export const SELECT_WEBHOOKS = `SELECT w.num, w.id, w.app_num, a.id AS app_id, w.name, w.url, w.secrets, w.key_id,
    w.events, w.max_events, w.seq, w.push_id, w.device_num, w.rewinds, w.created_at, w.disabled_at, w.failing_since,
    w.reason, w.missed
  FROM webhooks w JOIN apps a ON a.num = w.app_num`;

/** Look-ups of webhooks. */
export function createWebhookReads(driver: SqlDriver): WebhookReader {
  return {
    async loadWebhooks() {
      const found: StoredWebhook[] = [];
      for (;;) {
        const after = found.at(-1)?.num ?? 0;
        const rows = await driver.all(`${SELECT_WEBHOOKS} WHERE w.num > ? ORDER BY w.num LIMIT ${PAGE}`, [after]);
        for (const row of rows) found.push(toWebhook(row));
        if (rows.length < PAGE) return found;
      }
    },
    async listWebhooks(appNum) {
      const rows = await driver.all(`${SELECT_WEBHOOKS} WHERE w.app_num = ? ORDER BY w.num`, [appNum]);
      const counts = await driver.all(
        `SELECT d.webhook_num, COUNT(*) AS count FROM webhook_dead_letters d JOIN webhooks w ON w.num = d.webhook_num
         WHERE w.app_num = ? GROUP BY d.webhook_num`,
        [appNum],
      );
      const dead = new Map(counts.map((row) => [Number(row.webhook_num), Number(row.count)]));
      return rows.map(toWebhook).map((webhook) => ({ ...webhook, deadLetters: dead.get(webhook.num) ?? 0 }));
    },
    async listDeadLetters(webhookNum, before, limit) {
      const rows = await driver.all(
        `SELECT ${DEAD_LETTER} FROM webhook_dead_letters${driver.forceIndex('webhook_dead_letters_webhook')}
         WHERE webhook_num = ? AND num < ? ORDER BY num DESC LIMIT ?`,
        [webhookNum, before, limit],
      );
      return rows.map(toDeadLetter);
    },
    async readReplays(webhookNum, limit) {
      const rows = await driver.all(
        `SELECT ${DEAD_LETTER} FROM webhook_dead_letters WHERE webhook_num = ? AND replaying = 1 ORDER BY num LIMIT ?`,
        [webhookNum, limit],
      );
      return rows.map(toDeadLetter);
    },
    async findOldDeadLetters(until, limit) {
      const rows = await driver.all(
        'SELECT num FROM webhook_dead_letters WHERE failed_at <= ? ORDER BY failed_at LIMIT ?',
        [until, limit],
      );
      return rows.map(({ num }) => Number(num));
    },
  };
}

/** Reads a row of `SELECT_WEBHOOKS`. */
export function toWebhook(row: Row): StoredWebhook {
  return {
    num: Number(row.num),
    id: String(row.id),
    appNum: Number(row.app_num),
    appId: String(row.app_id),
    name: String(row.name),
    url: String(row.url),
    secrets: String(row.secrets),
    keyId: String(row.key_id),
    events: webhookEventCodes.fromCode(row.events),
    maxEvents: Number(row.max_events),
    position: positionOf(row),
    rewinds: Number(row.rewinds),
    createdAt: Number(row.created_at),
    disabledAt: orNull(row.disabled_at, Number),
    failingSince: orNull(row.failing_since, Number),
    reason: orNull(row.reason, String),
    missed: Number(row.missed),
  };
}

function toDeadLetter(row: Row): DeadLetter {
  return {
    num: Number(row.num),
    event: String(row.event),
    reason: String(row.reason),
    attempts: Number(row.attempts),
    failedAt: Number(row.failed_at),
    replaying: Number(row.replaying) === 1,
  };
}

function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value);
}
