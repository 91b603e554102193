import type { Wake } from '../../domain/wake.js';
import { channelCodes, endingCodes, msgTypeCodes, wakePolicyCodes, wakeStateCodes } from './codes.js';
import type { SqlValue } from './driver.js';

/** Codes of the states of wakes that may go on. */
export const DUE = wakeStateCodes.toCode('due');
/** See `DUE`. */
export const SENDING = wakeStateCodes.toCode('sending');
/** The first code of the channels that go by phone numbers. */
export const FIRST_SMS = channelCodes.toCode('SMS_WEBHOOK');

const NEVER = wakePolicyCodes.toCode('NEVER');
const [WEB_PUSH, CMD] = [channelCodes.toCode('WEB_PUSH'), msgTypeCodes.toCode('CMD')];
const [DELIVERED, CONFIRMED] = [endingCodes.toCode('delivered'), endingCodes.toCode('confirmed')];

/** SQL for whether a push `p` wakes by a token `t`: a browser shows each push, so there is none that only acts. */
export const IS_WANTED = `p.wake <> ${NEVER} AND NOT (t.channel = ${WEB_PUSH} AND p.msg_type = ${CMD})`;

/** SQL for whether a push has no wake for a device yet, other than a short message. */
export function hasNoWake(push: string, device: string): string {
  return `NOT EXISTS (SELECT 1 FROM wakes k
    WHERE k.push_id = ${push} AND k.device_num = ${device} AND k.channel < ${FIRST_SMS})`;
}

/**
 * SQL for whether the device `d` has not received the push `p` of the wake `w`. Conditions on `w` are in WHERE: the ON
 * of a subquery may not name an outer table in MySQL 8.0.15 and before.
 */
export const IS_NEEDED = `CASE
  WHEN w.channel >= ${FIRST_SMS} THEN
    EXISTS (SELECT 1 FROM devices o JOIN inbox i ON i.device_num = o.num
      WHERE o.app_num = d.app_num AND o.alias = d.alias AND i.push_id = w.push_id)
    AND NOT EXISTS (SELECT 1 FROM devices o JOIN receipts r ON r.device_num = o.num
      WHERE o.app_num = d.app_num AND o.alias = d.alias AND r.push_id = w.push_id
        AND r.ending IN (${DELIVERED}, ${CONFIRMED}))
  WHEN p.first_delivery IS NOT NULL THEN
    EXISTS (SELECT 1 FROM inbox i WHERE i.device_num = w.device_num AND i.push_id = w.push_id)
  ELSE d.unregistered_at IS NULL AND d.since_id < w.push_id
    AND EXISTS (SELECT 1 FROM timeline l WHERE l.push_id = w.push_id)
    AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.push_id = w.push_id AND r.device_num = w.device_num)
    AND (p.need_confirm = 1
      OR NOT EXISTS (SELECT 1 FROM cursors c WHERE c.device_num = w.device_num AND c.push_id >= w.push_id))
  END`;

/** SQL for these wakes of the table `w`, and its values: MariaDB has an index for each branch of an OR. */
export function theseWakes(wakes: readonly Wake[]): { where: string; values: SqlValue[] } {
  return {
    where: `(${Array(wakes.length).fill('(w.push_id = ? AND w.device_num = ? AND w.channel = ?)').join(' OR ')})`,
    values: wakes.flatMap(({ pushId, deviceNum, channel }) => [pushId, deviceNum, channelCodes.toCode(channel)]),
  };
}

/** SQL for a time that is spread by device: two values, the time and by how much. */
export function spreadBy(device: string): string {
  return `? + (${device} * 7919) % ?`;
}
