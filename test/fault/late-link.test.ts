import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/process.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

describe('an edge that the network separates from its core', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A stack whose edge reaches its core through a proxy. */
  async function setUp(): Promise<{ stack: Stack; proxy: TcpProxy }> {
    const grpc = `127.0.0.1:${await freePort()}`;
    const proxy = await startProxy(grpc);
    cleanups.push(() => proxy.stop());
    const stack = await startStack({
      coreEnv: { ONEPUSH_GRPC_LISTEN: grpc },
      edgeEnv: { ONEPUSH_CORE_ADDRS: proxy.address },
    });
    cleanups.push(() => stack.stop());
    return { stack, proxy };
  }

  /** Another edge of the same core, which nothing separates from it: its REST, and its WebSocket endpoint. */
  async function startNeighbour(stack: Stack): Promise<{ httpUrl: string; wsUrl: string }> {
    const edge = await startProcess('edge', {
      ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
      ONEPUSH_CORE_ADDRS: stack.grpcAddr,
    });
    cleanups.push(() => edge.stop());
    const httpUrl = `http://${edge.ready.http}`;
    await eventually(async () => (await fetch(`${httpUrl}/readyz`)).status === 200);
    return { httpUrl, wsUrl: `ws://${edge.ready.http}/msgpush.ws` };
  }

  const attachmentsOf = ({ core }: Stack): number =>
    core.logs().filter((line) => line.includes('"edge attached"')).length;
  const idsOf = ({ messages }: TestDevice): string[] => messages.map(({ id }) => id);

  it('keeps good sockets and their messages when an earlier link comes back late', async () => {
    const { stack, proxy } = await setUp();
    const [alias, late] = [uniqueName(), uniqueName()];
    const [deviceId, lateId] = [await newDevice(stack.httpUrl, alias), await newDevice(stack.httpUrl, late)];
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const sent = [await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true })];
    await device.waitForCount(1);
    const before = attachmentsOf(stack);

    const release = proxy.strand('everything');
    // What the edge says now is swallowed, and said again on the next link.
    const leaving = connectDevice(stack.wsUrl, lateId);
    await leaving.opened;
    await leaving.close();
    const arriving = connectDevice(stack.wsUrl, lateId);
    await arriving.opened;
    device.send(`CFM:${sent[0]}`);
    const swallowed = send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'swallowed' });
    await eventually(() => attachmentsOf(stack) > before, { timeoutMs: 30_000 });
    await stack.waitUntilReady();
    expect((await swallowed).status).toBe(503);
    sent.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
    const toLate = await sendPush(stack.httpUrl, { audiences: [late] });
    await device.waitForCount(2);
    await arriving.waitForCount(1);

    release();
    for (let round = 0; round < 20; round++) sent.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
    const everyone = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await device.waitForMessage(({ id }) => id === everyone);
    await arriving.waitForMessage(({ id }) => id === everyone);
    expect(idsOf(device)).toEqual([...sent, everyone]);
    expect(idsOf(arriving)).toEqual([toLate, everyone]);
    expect(attachmentsOf(stack)).toBe(before + 1);
    for (const open of [device, arriving]) {
      open.send('HBT');
      await open.waitForFrame((frame) => frame === 'ACK1');
      await open.close();
    }
  });

  it('closes the socket of a device that changed hands meanwhile, and sends it nothing', async () => {
    const { stack, proxy } = await setUp();
    const neighbour = await startNeighbour(stack);
    const [earlier, later, nativeToken] = [uniqueName(), uniqueName(), uniqueName('token')];
    const deviceId = await newDevice(stack.httpUrl, earlier, { nativeToken });
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const before = await sendPush(stack.httpUrl, { audiences: [earlier] });
    await device.waitForCount(1);

    proxy.blackHole(true);
    proxy.reset();
    await stack.edge.waitForLog('detached from the core');
    await sendPush(neighbour.httpUrl, { audiences: [earlier] });
    await newDevice(neighbour.httpUrl, later, { nativeToken });
    const theirs = await sendPush(neighbour.httpUrl, { audiences: [later] });
    const everyone = await sendPush(neighbour.httpUrl, { audiences: 'ALL' });
    proxy.blackHole(false);

    expect(await device.closed).toMatchObject({ code: 4410 });
    expect(idsOf(device)).toEqual([before]);
    const again = connectDevice(neighbour.wsUrl, deviceId);
    await again.waitForMessage(({ id }) => id === everyone);
    expect(idsOf(again)).toEqual([theirs, everyone]);
    await again.close();
  });
});
