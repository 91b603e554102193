import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const ids = (device: TestDevice): string[] => device.messages.map((message) => message.id);

describe.each(storeKinds())('delivery on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ store });
  });
  afterAll(() => stack.stop());

  it('gives an online device a directed push at once', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const requestId = await sendPush(stack.httpUrl, { audiences: [alias], alert: 'now' });
    const [message] = await device.waitForCount(1);
    expect(message).toMatchObject({ id: requestId, alert: 'now', needConfirm: false, tenantCode: '' });
    await device.close();
  });

  it('gives a device that was offline for 100 directed and 20 topic pushes all 120 in id order, then live ones', async () => {
    const alias = uniqueName();
    const tag = uniqueName('tag');
    const deviceId = await newDevice(stack.httpUrl, alias, { tag: [tag] });
    const sent: string[] = [];
    for (let n = 0; n < 120; n++) {
      const topic = n % 12 === 0 ? { audiences: 'ALL' as const } : { audienceType: 'TAG' as const, audiences: [tag] };
      sent.push(await sendPush(stack.httpUrl, n % 6 === 0 ? topic : { audiences: [alias] }));
    }
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForCount(120);
    sent.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
    sent.push(await sendPush(stack.httpUrl, { audiences: 'ALL' }));
    await device.waitForCount(122);
    expect(ids(device)).toEqual(sent);
    await device.close();
  });

  it('reads a backlog of several pages in order', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const sent = await Promise.all(Array.from({ length: 950 }, () => sendPush(stack.httpUrl, { audiences: [alias] })));
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForCount(950);
    expect(ids(device)).toEqual(sent.toSorted((a, b) => Number(a) - Number(b)));
    await device.close();
  });

  it('gives nothing again that was acknowledged', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const first = connectDevice(stack.wsUrl, deviceId);
    await first.opened;
    await sendPush(stack.httpUrl, { audiences: [alias] });
    await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await first.waitForCount(2);
    await first.acknowledged();
    await first.close();
    const second = connectDevice(stack.wsUrl, deviceId);
    await second.opened;
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await second.waitForCount(1);
    expect(ids(second)).toEqual([last]);
    await second.close();
  });

  it('gives an unconfirmed message again after a reconnect, oldest first, until it is confirmed', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const first = connectDevice(stack.wsUrl, deviceId);
    await first.opened;
    const directed = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    const topic = await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true });
    const plain = await sendPush(stack.httpUrl, { audiences: [alias] });
    await first.waitForCount(3);
    await first.acknowledged();
    await first.close();

    const second = connectDevice(stack.wsUrl, deviceId);
    await second.waitForCount(2);
    expect(ids(second)).toEqual([directed, topic]);
    second.send(`CFM:${directed}`);
    await second.close();

    const third = connectDevice(stack.wsUrl, deviceId);
    await third.waitForCount(1);
    expect(ids(third)).toEqual([topic]);
    third.send(`CFM:${topic}`);
    await third.close();

    const fourth = connectDevice(stack.wsUrl, deviceId);
    await fourth.opened;
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await fourth.waitForCount(1);
    expect(ids(fourth)).toEqual([last]);
    expect(plain).not.toBe(last);
    await fourth.close();
  });

  it('takes a confirmation that a device sends as soon as it is open', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const waiting = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    device.send(`CFM:${waiting}`);
    // It comes as to whoever has not confirmed it: whose the socket is was not known yet.
    await device.waitForMessage((message) => message.id === waiting);
    await device.close();
    const again = connectDevice(stack.wsUrl, deviceId);
    await again.opened;
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last);
    expect(ids(again)).toEqual([last]);
    await again.close();
  });

  it('gives a device what was pushed to a tag while it had the tag, and nothing else of it', async () => {
    const [alias, tag, token] = [uniqueName(), uniqueName('tag'), uniqueName('token')];
    const push = (alert: string) => sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], alert });
    // Somebody else has the tag from the start, so that it exists.
    await newDevice(stack.httpUrl, uniqueName(), { tag: [tag] });
    const deviceId = await newDevice(stack.httpUrl, alias, { nativeToken: token });
    await push('before');
    await newDevice(stack.httpUrl, alias, { nativeToken: token, tag: [tag] });
    const first = await push('during');
    await newDevice(stack.httpUrl, alias, { nativeToken: token });
    await push('between');
    await newDevice(stack.httpUrl, alias, { nativeToken: token, tag: [tag] });
    const second = await push('again');
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForCount(2);
    await newDevice(stack.httpUrl, alias, { nativeToken: token });
    await push('after');
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === last);
    expect(ids(device)).toEqual([first, second, last]);
    await device.close();
  });

  it('loses nothing for a device that reconnects while it is sent to, and repeats what it has not acknowledged', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const received: string[][] = [];
    /** What it had acknowledged, by round. */
    const acknowledged = new Map<number, string[]>();
    const sent: string[] = [];
    let sending = true;
    const sender = (async () => {
      while (sending) {
        const everyone = sent.length % 5 === 0;
        sent.push(await sendPush(stack.httpUrl, { audiences: everyone ? 'ALL' : [alias] }));
      }
    })();
    for (let round = 0; round < 60; round++) {
      const device = connectDevice(stack.wsUrl, deviceId);
      await device.waitForCount(1 + (round % 7));
      if (round % 20 === 0) {
        // Others may come before it is closed.
        const got = [...received.flat(), ...ids(device)];
        await device.acknowledged();
        acknowledged.set(round, got);
      }
      await device.close();
      received.push(ids(device));
    }
    sending = false;
    await sender;
    const device = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === last);
    received.push(ids(device));
    expect([...new Set(received.flat())]).toEqual([...sent, last]);
    for (const got of received) expect(new Set(got).size).toBe(got.length);
    for (const [round, got] of acknowledged) {
      const before = new Set(got);
      expect(
        received
          .slice(round + 1)
          .flat()
          .filter((id) => before.has(id)),
      ).toEqual([]);
    }
    await device.close();
  });

  it('loses nothing for a device that is replaced by a newer connection', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const sent: string[] = [];
    const devices: TestDevice[] = [];
    for (let round = 0; round < 20; round++) {
      const device = connectDevice(stack.wsUrl, deviceId);
      devices.push(device);
      await device.opened;
      const pushes = await Promise.all([1, 2, 3].map(() => sendPush(stack.httpUrl, { audiences: [alias] })));
      sent.push(...pushes);
    }
    const current = devices.at(-1);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await current?.waitForMessage((message) => message.id === last);
    for (const device of devices.slice(0, -1)) expect(await device.closed).toMatchObject({ code: 4409 });
    const received = devices.flatMap(ids);
    expect([...new Set(received)].toSorted()).toEqual([...sent, last].toSorted());
    for (const device of devices) expect(ids(device)).toEqual([...new Set(ids(device))].toSorted());
    await current?.close();
  });
});
