import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../common/log.js';
import { buildCore } from '../../core/app.js';
import { readCoreConfig } from '../../core/config.js';
import { createMemoryEngine } from '../../core/engine/memory.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { startProcess } from '../support/process.js';
import { TEST_APP } from '../support/stack.js';
import { freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const cleanups: (() => Promise<unknown>)[] = [];
let https: string[];

/** Two cores of this process on one database, each with an edge. SQLite admits one core. */
describe.each(storeKinds().filter((kind) => kind !== 'sqlite'))('two cores, on %s', (store) => {
  beforeAll(async () => {
    const database = await freshDatabase(store);
    cleanups.push(() => database.drop());
    const engine = createMemoryEngine();
    const config = readCoreConfig({
      ONEPUSH_DATABASE_URL: database.url,
      ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
      ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
      ONEPUSH_OPS_LISTEN: '127.0.0.1:0',
      ONEPUSH_BOOTSTRAP_APP: `${TEST_APP.appId}:${TEST_APP.appKey}`,
      ONEPUSH_DRAIN_SECONDS: '1',
    });
    https = [];
    for (let n = 0; n < 2; n++) {
      const core = buildCore(config, createLogger('core', 'error'), engine);
      const { grpc = '' } = await core.start();
      cleanups.push(() => core.stop());
      const edge = await startProcess('edge', { ONEPUSH_HTTP_LISTEN: '127.0.0.1:0', ONEPUSH_CORE_ADDRS: grpc });
      cleanups.push(() => edge.stop());
      await eventually(async () => (await fetch(`http://${edge.ready.http}/readyz`)).status === 200);
      https.push(`http://${edge.ready.http}`);
    }
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const connect = (http: string, deviceId: string) =>
    connectDevice(`${http.replace('http', 'ws')}/msgpush.ws`, deviceId);

  it('reach the devices of each other with pushes to users and to everyone, each once', async () => {
    const [here = '', there = ''] = https;
    const alias = uniqueName();
    const device = connect(there, await newDevice(here, alias));
    await device.opened;
    const sent: string[] = [];
    for (let round = 0; round < 5; round++) {
      for (const from of [here, there]) {
        sent.push(await sendPush(from, { audiences: [alias] }));
        sent.push(await sendPush(from, { audiences: 'ALL' }));
        await device.waitForCount(sent.length);
      }
    }
    expect(device.messages.map(({ id }) => id)).toEqual(sent);
    await device.close();
  });

  it('close the older session of a device that connects to the other', async () => {
    const [here = '', there = ''] = https;
    const alias = uniqueName();
    const deviceId = await newDevice(here, alias);
    const older = connect(here, deviceId);
    await older.opened;
    await sendPush(here, { audiences: [alias] });
    await older.waitForCount(1);
    const newer = connect(there, deviceId);
    expect(await older.closed).toMatchObject({ code: 4409 });
    const last = await sendPush(here, { audiences: [alias] });
    await newer.waitForMessage(({ id }) => id === last);
    await newer.close();
  });

  it('close the session of a device that changes hands on the other, and push to its new user', async () => {
    const [here = '', there = ''] = https;
    const [before, after] = [uniqueName(), uniqueName()];
    const nativeToken = uniqueName('token');
    const deviceId = await newDevice(here, before, { nativeToken });
    const device = connect(there, deviceId);
    await device.opened;
    // Now it is cached there who has the device.
    await sendPush(there, { audiences: [before] });
    await device.waitForCount(1);
    await newDevice(here, after, { nativeToken });
    expect(await device.closed).toMatchObject({ code: 4410 });
    const again = connect(there, deviceId);
    await again.opened;
    await sendPush(there, { audiences: [before] });
    const last = await sendPush(there, { audiences: [after] });
    await again.waitForMessage(({ id }) => id === last);
    expect(again.messages.map(({ id }) => id)).toEqual([last]);
    await again.close();
  });
});
