import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { rawRequest } from '../support/raw-request.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const ids = (device: TestDevice): string[] => device.messages.map((message) => message.id);

describe('two edges on one core', () => {
  let stack: Stack;
  let other: RunningProcess;
  let otherWs: string;
  beforeAll(async () => {
    stack = await startStack();
    other = await startProcess('edge', {
      ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
      ONEPUSH_CORE_ADDRS: stack.grpcAddr,
      ONEPUSH_PAGE: '0',
    });
    otherWs = `ws://${other.ready.http}/msgpush.ws`;
    await eventually(async () => (await fetch(`http://${other.ready.http}/readyz`)).status === 200);
  });
  afterAll(async () => {
    await other.stop();
    await stack.stop();
  });

  it('have a page and documents each, unless ONEPUSH_PAGE is 0', async () => {
    for (const path of ['/', '/sw.js', '/docs/contract.md']) {
      expect((await fetch(stack.httpUrl + path)).status, path).toBe(200);
      const answer = await fetch(`http://${other.ready.http}${path}`);
      expect([answer.status, await answer.json()], path).toMatchObject([404, { code: 40401 }]);
    }
  });

  it.each([
    ['by the address of this machine', '127.0.0.1:8080', '', true],
    ['by its name', 'localhost', '', true],
    ['by its address in IPv6', '[::1]:8080', '', true],
    ['by a name of the network', 'push.example.com', '', false],
    ['by a name that only begins like it', 'localhost.example.com', '', false],
    ['by a proxy that names its client', '127.0.0.1', 'X-Forwarded-For: 203.0.113.9\r\n', false],
    ['by a proxy that names it in the standard way', '127.0.0.1', 'Forwarded: for=203.0.113.9\r\n', false],
  ])('show the key of the trial app only on their own machine: asked %s', async (_, host, more, isShown) => {
    const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
    const { status, text } = await rawRequest(stack.httpUrl, request);
    expect(status).toBe(200);
    expect(text.includes('testapp1:dkdka')).toBe(isShown);
  });

  it('close the older session of a device when a newer one is on the other edge, and lose nothing', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const sent: string[] = [];
    const devices: TestDevice[] = [];
    for (let round = 0; round < 12; round++) {
      const device = connectDevice(round % 2 === 0 ? stack.wsUrl : otherWs, deviceId);
      devices.push(device);
      await device.opened;
      sent.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
      sent.push(await sendPush(`http://${other.ready.http}`, { audiences: 'ALL' }));
    }
    const current = devices.at(-1);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await current?.waitForMessage((message) => message.id === last);
    for (const device of devices.slice(0, -1)) expect(await device.closed).toMatchObject({ code: 4409 });
    // What the older session had not acknowledged comes again.
    expect([...new Set(devices.flatMap(ids))]).toEqual([...sent, last]);
    await current?.close();
  });

  it('both reach their sessions with a push to everyone', async () => {
    const devices = await Promise.all(
      [stack.wsUrl, otherWs].map(async (url) => {
        const device = connectDevice(url, await newDevice(stack.httpUrl, uniqueName()));
        await device.opened;
        return device;
      }),
    );
    const pushId = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    for (const device of devices) await device.waitForMessage((message) => message.id === pushId);
    await Promise.all(devices.map((device) => device.close()));
  });

  it('change nothing for a newer session when the older edge is gone', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const doomed = await startProcess('edge', {
      ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
      ONEPUSH_CORE_ADDRS: stack.grpcAddr,
    });
    await eventually(async () => (await fetch(`http://${doomed.ready.http}/readyz`)).status === 200);
    const older = connectDevice(`ws://${doomed.ready.http}/msgpush.ws`, deviceId);
    await older.opened;
    const newer = connectDevice(stack.wsUrl, deviceId);
    await newer.opened;
    await older.closed;
    await doomed.kill();
    const pushId = await sendPush(stack.httpUrl, { audiences: [alias] });
    await newer.waitForMessage((message) => message.id === pushId);
    await newer.close();
  });
});
