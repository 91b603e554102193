import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { rawRequest } from '../support/raw-request.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { confirm, poll, TRANSPORTS } from '../support/transports.js';
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

  it('serve a device by long poll in turn, with a proxy that spreads requests: nothing lost, nothing twice', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const urls = [stack.httpUrl, `http://${other.ready.http}`] as const;
    const sent: string[] = [];
    const had: string[] = [];
    let cursor = '';
    for (let round = 0; had.length < 12; round++) {
      const url = urls[round % 2 === 0 ? 0 : 1];
      if (sent.length < 12) sent.push(await sendPush(url, { audiences: round % 3 === 0 ? 'ALL' : [alias] }));
      // A stream now and then.
      if (round % 4 === 3) {
        const stream = await TRANSPORTS['Server-Sent Events'](url, deviceId, { cursor });
        await stream.ids(1);
        stream.cut();
        had.push(...stream.messages.map(({ id }) => id));
        cursor = stream.cursor();
        continue;
      }
      const answer = await poll(url, deviceId, cursor, 20);
      had.push(...answer.messages.map(({ id }) => id));
      cursor = answer.cursor ?? '';
    }
    expect(had).toEqual(sent);
  });

  it('take what a device says about its session on the other', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const otherUrl = `http://${other.ready.http}`;
    const sent = [await sendPush(stack.httpUrl, { audiences: [alias] })];
    sent.push(await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true }));
    const stream = await TRANSPORTS['Server-Sent Events'](stack.httpUrl, deviceId, { acknowledges: false });
    await stream.ids(2);
    await confirm(otherUrl, deviceId, { cursor: stream.cursor(), ids: [sent[1]] });
    for (const [index, ending] of [ENDING.delivered, ENDING.confirmed].entries())
      await eventually(async () => (await endingsOf(stack.databaseUrl, sent[index] ?? '')).join() === `${ending}`);
    stream.cut();
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
    // By the same link, so that the core knows of the session: otherwise it may hear of the newer one first.
    const first = await sendPush(`http://${doomed.ready.http}`, { audiences: [alias] });
    await older.waitForMessage((message) => message.id === first);
    const newer = connectDevice(stack.wsUrl, deviceId);
    await newer.opened;
    await older.closed;
    await doomed.kill();
    const pushId = await sendPush(stack.httpUrl, { audiences: [alias] });
    await newer.waitForMessage((message) => message.id === pushId);
    await newer.close();
  });
});
