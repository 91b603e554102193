import { afterEach, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const LARGE = 'x'.repeat(60_000);
/** Some 130 of these are more than a core keeps for an edge, and it gets so many before its pings tell that the edge is gone. */
const HUGE = JSON.stringify('x'.repeat(500_000));
const BACKLOG = 'the edge does not take what it is sent';

let stack: Stack | undefined;
afterEach(async () => {
  stack?.edge.child.kill('SIGCONT');
  await stack?.stop();
});

async function start(): Promise<Stack> {
  stack = await startStack();
  return stack;
}

it('an edge that fell too far behind attaches again, and its sockets get everything', async () => {
  const stack = await start();
  const alias = uniqueName();
  const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
  await device.opened;
  const first = await sendPush(stack.httpUrl, { audiences: [alias] });
  await device.waitForCount(1);

  const client = pushCoreClient(stack, 'connect');
  const app = basic(TEST_APP.appId, TEST_APP.appKey);
  const sent: number[] = [];
  let behind = false;
  const noticed = stack.core.waitForLog(BACKLOG, 60_000).then(() => {
    behind = true;
  });
  stack.edge.child.kill('SIGSTOP');
  const senders = Array.from({ length: 10 }, async () => {
    while (!behind && sent.length < 500) {
      const push = { audience: { audience: { case: 'everyone' as const, value: {} } }, alert: 'x', extraJson: HUGE };
      sent.push(Number((await client.sendPush(push, app)).requestId));
    }
  });
  await Promise.all(senders);
  await noticed;
  stack.edge.child.kill('SIGCONT');

  await device.waitForCount(1 + sent.length, 60_000);
  const last = await sendPush(stack.httpUrl, { audiences: [alias] });
  await device.waitForMessage((message) => message.id === last);
  const received = device.messages.map((message) => Number(message.id));
  expect(received).toEqual([Number(first), ...sent.toSorted((a, b) => a - b), Number(last)]);
  await device.close();
});

it('devices that come back to more than an edge can buffer get all of it', async () => {
  const stack = await start();
  const aliases = Array.from({ length: 30 }, () => uniqueName());
  const ids = await Promise.all(aliases.map((alias) => newDevice(stack.httpUrl, alias)));
  const sent = new Map(aliases.map((alias) => [alias, [] as string[]]));
  for (let n = 0; n < 60; n++) {
    await Promise.all(
      aliases.map(async (alias) =>
        sent.get(alias)?.push(await sendPush(stack.httpUrl, { audiences: [alias], alert: LARGE })),
      ),
    );
  }
  const devices = ids.map((id) => connectDevice(stack.wsUrl, id));
  for (const [place, device] of devices.entries()) {
    await device.waitForCount(60, 90_000);
    expect(device.messages.map((message) => message.id)).toEqual(sent.get(aliases[place] ?? ''));
  }
  expect(stack.core.logs().filter((line) => line.includes(BACKLOG))).toEqual([]);
  await Promise.all(devices.map((device) => device.close()));
});
