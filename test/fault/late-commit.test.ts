import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy, through } from '../support/proxy.js';
import { registerDevice, send, unregister } from '../support/rest.js';
import { endingsOf, readRows } from '../support/rows.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const CLEARED = 'the doubt about the last commit is cleared';
/** The core waits 15 s for an answer, and then asks. */
const CLEARED_WITHIN = 40_000;

describe.runIf(storeKinds().includes('mysql'))('a commit of which the core hears nothing', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A stack whose core reaches its database through a proxy. `url` goes past it. */
  async function setUp(): Promise<{ stack: Stack; proxy: TcpProxy; url: string }> {
    const database = await freshDatabase('mysql');
    cleanups.push(() => database.drop());
    const proxy = await startProxy(new URL(database.url).host);
    cleanups.push(() => proxy.stop());
    const stack = await startStack({ databaseUrl: through(database.url, proxy.address) });
    cleanups.push(() => stack.stop());
    return { stack, proxy, url: database.url };
  }

  it.each([
    ['swallowed on its way, and comes late', 'requests'],
    ['carried out, its answer lost on the way', 'answers'],
  ] as const)(
    'because it is %s, leaves one push for its key, which reaches its device once',
    async (_how, direction) => {
      const { stack, proxy, url } = await setUp();
      const deviceId = await newDevice(stack.httpUrl, uniqueName());
      const device = connectDevice(stack.wsUrl, deviceId);
      await device.opened;
      const before = await sendPush(stack.httpUrl, { audiences: 'ALL' });
      await device.waitForMessage(({ id }) => id === before);

      const alert = uniqueName('late');
      const body = { ...TEST_APP, audiences: 'ALL' as const, alert };
      const attempt = () => send(stack.httpUrl, body, { 'idempotency-key': alert });
      const stranded = proxy.strandAt((piece) => piece.includes(alert), direction);
      expect((await attempt()).status).toBe(503);
      await stack.core.waitForLog(CLEARED, CLEARED_WITHIN);
      const answered = async () => {
        const { status, body: answer } = await attempt();
        return status === 200 && answer.requestId;
      };
      const id = await eventually(answered);
      (await stranded)();
      const after = await sendPush(stack.httpUrl, { audiences: 'ALL' });
      await device.waitForMessage((message) => message.id === after);
      expect(device.messages.map((message) => message.id)).toEqual([before, id, after]);
      expect((await attempt()).body.requestId).toBe(id);
      const rows = await readRows(url, 'SELECT id FROM pushes WHERE content LIKE ?', [`%${alert}%`]);
      expect(rows.map((row) => String(row.id))).toEqual([id]);
      await device.close();
    },
  );

  it.each(['registers for another user', 'unregisters'])('closes the socket of a device that %s', async (how) => {
    const { stack, proxy, url } = await setUp();
    const [earlier, later, nativeToken] = [uniqueName(), uniqueName(), uniqueName('token')];
    const deviceId = await newDevice(stack.httpUrl, earlier, { nativeToken });
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const before = await sendPush(stack.httpUrl, { audiences: [earlier] });
    await device.waitForMessage(({ id }) => id === before);

    const change = async (): Promise<number> => {
      if (how === 'unregisters') return (await unregister(stack.httpUrl, deviceId)).status;
      const body = { appId: TEST_APP.appId, alias: later, platform: 'ANDROID', nativeToken } as const;
      return (await registerDevice(stack.httpUrl, body)).status;
    };
    // Nothing else waits to be committed.
    await eventually(async () => (await endingsOf(url, before)).length > 0, { message: 'the receipt of the push' });
    // The commit of what names the device. Not what renews the lease: that is one piece.
    let isNamed = false;
    const stranded = proxy.strandAt((piece) => {
      isNamed ||= piece.includes(how === 'unregisters' ? deviceId : later);
      return isNamed && /COMMIT\b/.test(piece) && !piece.includes('START');
    }, 'answers');
    const unanswered = change();
    await stranded;
    const generation = async () => {
      const [row] = await readRows(url, 'SELECT generation FROM devices WHERE id = ?', [deviceId]);
      return Number(row?.generation) === 2;
    };
    await eventually(generation, { message: 'the change to be committed' });
    proxy.reset();
    expect(await unanswered).toBe(503);
    await eventually(async () => (await change()) === 200, { timeoutMs: CLEARED_WITHIN });
    // Its row says whose it is now; what the new owner is sent waits for the new owner.
    expect(await device.closed).toMatchObject({ code: 4410 });
    await newDevice(stack.httpUrl, later, { nativeToken });
    const theirs = await sendPush(stack.httpUrl, { audiences: [later] });
    const again = connectDevice(stack.wsUrl, deviceId);
    await again.waitForMessage(({ id }) => id === theirs);
    expect(device.messages.map(({ id }) => id)).toEqual([before]);
    expect(again.messages.map(({ id }) => id)).toEqual([theirs]);
    await again.close();
  });
});
