import { afterEach, describe, expect, it } from 'vitest';
import { firstIdAt } from '../../core/domain/id-clock.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { changeRows, ENDING, endingsOf, readRows } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

describe.each(storeKinds())('what waits for a device that is online, on %s', (store) => {
  it('comes although nobody told the core of it', { timeout: 30_000 }, async () => {
    stack = await startStack({ store });
    const { databaseUrl, httpUrl, wsUrl } = stack;
    const deviceId = await newDevice(httpUrl, uniqueName());
    const device = connectDevice(wsUrl, deviceId);
    await device.opened;
    const other = uniqueName();
    await newDevice(httpUrl, other);
    const model = Number(await sendPush(httpUrl, { audiences: [other], alert: 'late' }));
    // A commit that the database finished late: the same message for the device, accepted 25 s ago.
    const late = firstIdAt(Date.now() - 25_000);
    await changeRows(
      databaseUrl,
      `INSERT INTO pushes (id, app_num, tenant_code, platform, msg_type, need_confirm, targeted, first_delivery,
         last_delivery, created_at, expires_at, content)
       SELECT ?, app_num, tenant_code, platform, msg_type, need_confirm, 1, ?, ?, created_at, expires_at, content
       FROM pushes WHERE id = ?`,
      [late, late, late, model],
    );
    await changeRows(
      databaseUrl,
      `INSERT INTO inbox (id, device_num, push_id, app_num, expires_at)
       SELECT ?, (SELECT num FROM devices WHERE id = ?), ?, app_num, expires_at FROM pushes WHERE id = ?`,
      [late, deviceId, late, late],
    );
    const message = await device.waitForMessage(({ id }) => id === String(late), 20_000);
    expect(message.alert).toBe('late');
    await eventually(async () => (await endingsOf(databaseUrl, String(late))).length > 0);
    expect(await endingsOf(databaseUrl, String(late))).toEqual([ENDING.delivered]);
    expect(await readRows(databaseUrl, 'SELECT id FROM inbox WHERE push_id = ?', [late])).toEqual([]);
    await device.close();
  });
});
