import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { unregister } from '../support/rest.js';
import { changeRows, ENDING, endingsOf } from '../support/rows.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { startStack, TEST_APP } from '../support/stack.js';
import { freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';
import { verify } from '../support/verify.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe.each(storeKinds())('verifying the sums on %s', { timeout: 90_000 }, (store) => {
  it('finds nothing wrong whatever became of pushes, and names the push that somebody has tampered with', async () => {
    const database = await freshDatabase(store);
    cleanups.push(() => database.drop());
    const stack = await startStack({ store, databaseUrl: database.url, coreEnv: { ONEPUSH_INBOX_LIMIT: '5' } });
    cleanups.push(() => stack.stop());
    const [online, offline, leaving] = [uniqueName(), uniqueName(), uniqueName()];
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, online));
    await device.opened;
    await newDevice(stack.httpUrl, offline);
    const gone = await newDevice(stack.httpUrl, leaving);
    const audiences = [online, offline, leaving];
    const mixed = await sendPush(stack.httpUrl, { audiences });
    const asked = await sendPush(stack.httpUrl, { audiences, needConfirm: true });
    const nobody = await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
    await sendPush(stack.httpUrl, { audiences: 'ALL' });
    const recalled = await sendPush(stack.httpUrl, { audiences });
    await device.waitForMessage(({ id }) => id === recalled);
    device.send(`CFM:${asked}`);
    await unregister(stack.httpUrl, gone);
    await pushCoreClient(stack, 'grpc').recallPush({ requestId: recalled }, basic(TEST_APP.appId, TEST_APP.appKey));
    for (let n = 0; n < 9; n++) await sendPush(stack.httpUrl, { audiences: [offline] });
    // An inbox may be found over its limit in the middle of the nine, and again after them.
    await eventually(async () => (await endingsOf(database.url, asked)).includes(ENDING.evicted));
    await device.close();
    await stack.stop();

    const { delivered, confirmed, discarded, evicted } = ENDING;
    expect(await endingsOf(database.url, mixed)).toEqual([delivered, evicted, discarded]);
    expect(await endingsOf(database.url, asked)).toEqual([confirmed, evicted, discarded]);
    const fine = await verify(database.url);
    expect(fine).toMatchObject({
      code: 0,
      output: expect.stringContaining('13 directed pushes, 18 deliveries, 0 wrong'),
    });
    expect(fine.output).not.toContain(nobody);
    await changeRows(database.url, 'DELETE FROM receipts WHERE push_id = ? AND ending = ?', [Number(mixed), evicted]);
    const wrong = await verify(database.url);
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain(`push ${mixed}: targeted 3, ended 2, pending 0\n`);
    expect(wrong.output).toContain('1 wrong sums');
  });
});

describe('verifying the sums', { timeout: 90_000 }, () => {
  it('says that it could not when there is no database', async () => {
    const { code, output } = await verify('mysql://nobody:secret@127.0.0.1:1/nothing');
    expect(code).toBe(3);
    expect(output).not.toContain('secret');
  });

  it('makes no store where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onepush-verify-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'empty.db'), '');
    for (const name of ['nothing/x.db', 'empty.db']) {
      const { code, output } = await verify(`sqlite:${join(folder, name)}`);
      expect([code, output]).toEqual([5, expect.stringContaining(`there is no store at ${join(folder, name)}`)]);
    }
    expect(await readdir(folder)).toEqual(['empty.db']);
  });
});
