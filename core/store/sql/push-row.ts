import type { None } from '../../../common/every.js';
import type { Push } from '../../domain/push.js';
import type { NewPush } from '../store.js';
import { msgTypeCodes, platformCodes, priorityCodes, wakePolicyCodes } from './codes.js';
import { encodeContent } from './content.js';
import type { SqlValue, Tables } from './driver.js';

type Columns = Tables['pushes']['$inferSelect'];

/** A push's row as it is first written, by the names of the schema. What happens to it later is not in it. */
export type PushRow = Record<Exclude<keyof Columns, 'published' | 'recalledAt'>, SqlValue>;

/** Does not compile where a push has a field without a column. `appId` is that of the app's own row. */
export type Forgotten = None<Exclude<keyof Push, keyof PushRow | 'appId'>>;

/** Hot: called for each push. */
export function toPushRow({ push, target, job }: NewPush): PushRow {
  const deliveries = target.kind === 'directed' ? target.deliveries : undefined;
  const content = encodeContent(push.content);
  return {
    id: push.id,
    appNum: push.appNum,
    tenantCode: push.tenantCode,
    platform: platformCodes.toCode(push.platform),
    msgType: msgTypeCodes.toCode(push.msgType),
    needConfirm: push.needConfirm ? 1 : 0,
    targeted: deliveries?.length ?? null,
    firstDelivery: deliveries?.[0]?.id ?? null,
    lastDelivery: deliveries?.at(-1)?.id ?? null,
    createdAt: push.createdAt,
    expiresAt: push.expiresAt,
    jobId: job?.id ?? null,
    collapseKey: push.collapseKey ?? null,
    priority: priorityCodes.toCode(push.priority ?? 'NORMAL'),
    wake: wakePolicyCodes.toCode(push.wake ?? 'OFFLINE'),
    clearOnRead: push.clearOnRead ? 1 : 0,
    sms: push.content.smsMessage === undefined ? 0 : 1,
    content,
    contentBytes: Buffer.byteLength(content),
  };
}

/** Begins the statement that inserts these rows: their columns are in the order of their fields. */
export function insertPushRows({ pushes }: Tables, rows: readonly PushRow[]): string {
  // The fields of a PushRow, and no others.
  const names = Object.keys(rows[0] ?? {}) as (keyof PushRow)[];
  return `INSERT INTO pushes (${names.map((name) => pushes[name].name).join(', ')})`;
}
