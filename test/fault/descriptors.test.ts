import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { request } from '../support/rest.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

const DESCRIPTORS = 256;

describe.skipIf(process.platform !== 'linux')('an edge with few descriptors', () => {
  let stack: Stack;
  const open: Socket[] = [];
  beforeAll(async () => {
    stack = await startStack({ edgeDescriptors: DESCRIPTORS });
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
  });
  afterAll(() => stack?.stop());

  /** Seconds of processor that the edge has had. */
  function processorSeconds(): number {
    const fields = readFileSync(`/proc/${stack.edge.child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  it('says so at its start', async () => {
    const line = JSON.parse(await stack.edge.waitForLog((entry) => entry.includes('too few descriptors')));
    expect(line).toMatchObject({ level: 40, descriptors: DESCRIPTORS, wanted: 200_000 });
    expect(line.maxSessions).toBeLessThan(DESCRIPTORS);
  });

  it('refuses what is over without getting busy, keeps its sockets, and reaches its core again', async () => {
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, uniqueName()));
    await device.opened;
    const { hostname, port } = new URL(stack.httpUrl);
    let refused = 0;
    for (let n = 0; n < 2 * DESCRIPTORS; n++) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => {}).once('close', () => refused++);
      open.push(socket);
      await once(socket, 'connect');
    }
    await eventually(() => refused > 0, { message: 'a connection to be refused' });
    await stack.edge.waitForLog((entry) => entry.includes('no descriptors are left'));

    const before = processorSeconds();
    await sleep(1000);
    expect(processorSeconds() - before).toBeLessThan(0.5);

    const attachments = () => stack.edge.logs().filter((line) => line.includes('"attached to a core"')).length;
    const attached = attachments();
    await stack.restartCore();
    await eventually(() => attachments() > attached, { message: 'the edge to attach again' });
    device.send('HBT');
    await device.waitForFrame((frame) => frame === 'ACK1');

    for (const socket of open.splice(0)) socket.destroy();
    await eventually(async () => (await request(stack.httpUrl, '/readyz')).status === 200);
    expect((await scrape(stack.edge)).get('onepush_connections_refused_total')).toBeGreaterThan(DESCRIPTORS / 2);
    await device.close();
  });
});
