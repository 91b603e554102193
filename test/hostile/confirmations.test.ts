import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice } from '../support/device.js';
import { type Stack, startStack } from '../support/stack.js';
import { sendPush, uniqueName } from '../support/users.js';
import { expectAlive } from './heartbeat.js';

let stack: Stack;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack();
  audience = createAudience(stack);
});
afterEach(() => audience.close());
afterAll(() => stack?.stop());

describe('CFM', () => {
  it('ends a delivery, twice is fine', async () => {
    const { alias, deviceId, device } = await audience.listen();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForCount(1);
    device.send(`CFM:${id}`);
    device.send(`CFM:${id}`);
    await expectAlive(device);
    await device.close();
    const later = connectDevice(stack.wsUrl, deviceId);
    expect(await audience.got({ alias, deviceId, device: later })).toEqual([]);
    await later.close();
  });

  it.each(['CFM:ID ', 'CFM:ID\n', 'CFM: ID', ' CFM:ID\r\n', 'cfm:ID', 'CFM:\tID\t'])(
    'may be written %j',
    async (text) => {
      const { alias, deviceId, device } = await audience.listen();
      const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
      await device.waitForCount(1);
      device.send(text.replace('ID', id));
      await expectAlive(device);
      await device.close();
      const later = connectDevice(stack.wsUrl, deviceId);
      expect(await audience.got({ alias, deviceId, device: later })).toEqual([]);
      await later.close();
    },
  );

  it('of an id that is not known, or long out of range, does nothing', async () => {
    const { alias, deviceId, device } = await audience.listen();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForCount(1);
    const huge = ['9007199254740991', '9007199254740993', '9'.repeat(16), '9'.repeat(17), '9'.repeat(252)];
    for (const text of ['0', '1', `0${id}`, `${id}0`, ...huge]) device.send(`CFM:${text}`);
    await expectAlive(device);
    await device.close();
    const later = connectDevice(stack.wsUrl, deviceId);
    const [frame = ''] = await audience.got({ alias, deviceId, device: later });
    expect(JSON.parse(frame)).toMatchObject({ id });
    await later.close();
  });

  it('without a number closes the connection with 4400, and ends nothing', async () => {
    const { alias, deviceId, device } = await audience.listen();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForCount(1);
    await device.close();
    const signed = [`-${id}`, `+${id}`, `${id}.0`, `${id}e0`, `${id},${id}`, `"${id}"`];
    const odd = ['', ':', 'x', '1e3', '0x10', 'NaN', 'null', '{}', '١٢٣', '%31', "'; --", '1 2'];
    const texts = [
      ...[...signed, ...odd].map((text) => `CFM:${text}`),
      `CFM${id}`,
      `CFM :${id}`,
      `CFM:CFM:${id}`,
      'CFM',
    ];
    for (const text of texts) {
      const again = connectDevice(stack.wsUrl, deviceId);
      await again.opened;
      again.send(text);
      expect([text, (await again.closed).code]).toEqual([text, 4400]);
    }
    const later = connectDevice(stack.wsUrl, deviceId);
    const [frame = ''] = await audience.got({ alias, deviceId, device: later });
    expect(JSON.parse(frame)).toMatchObject({ id });
    await later.close();
    expect(stack.core.logs().filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  it("does not end another device's delivery, directed or to a tag", async () => {
    const tag = uniqueName('tag');
    const owner = await audience.listen({ tag: [tag] });
    const other = await audience.listen({ alias: owner.alias });
    await audience.got(owner);
    await audience.got(other);
    const audiences = [owner.deviceId];
    const directed = await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences, needConfirm: true });
    const tagged = await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], needConfirm: true });
    for (const id of [directed, tagged]) {
      await owner.device.waitForMessage((message) => message.id === id);
      other.device.send(`CFM:${id}`);
    }
    await expectAlive(other.device);
    await other.device.close();
    await owner.device.close();
    const later = { ...owner, device: connectDevice(stack.wsUrl, owner.deviceId) };
    expect((await audience.got(later)).map((frame) => JSON.parse(frame).id)).toEqual([directed, tagged]);
    await later.device.close();
  });
});
