import { afterEach, describe, expect, it } from 'vitest';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { eventually } from '../../../../support/eventually.js';
import { becomes, statesOf, WAKE } from '../../../../support/wake-states.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const { DUE, SENDING, ACCEPTED, UNKNOWN } = WAKE;
const NEVER: Promise<WakeOutcome> = new Promise(() => {});
const HOUR = 3_600_000;

describe('waking, after a crash or a change', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  it('finds after a crash what was committed and not planned', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    rig.online.clear();
    await rig.crash();
    await becomes(rig, id, [ACCEPTED]);
    expect(rig.sent.filter(({ message }) => message.id === String(id)).length).toBe(1);
  });

  it('wakes for what was pushed before the app had a credential', async () => {
    await start();
    const device = await rig.device();
    await eventually(async () => (await rig.settled()).length === 0);
    rig.world.hasCredential = false;
    const id = await rig.push([device]);
    const { setChannel } = rig.cycle.commands;
    const credential = { appNum: rig.app.num, name: 'new', channel: 'FCM', settings: '{}', keyId: '' } as const;
    await rig.cycle.execute(setChannel, credential);
    await becomes(rig, id, [ACCEPTED]);
  });

  it('wakes for what waits when a device names its token', async () => {
    await start({ times: { graceMs: 0 } });
    const { register } = rig.cycle.commands;
    const named = { appId: 'app', appNum: rig.app.num, alias: 'late', platform: 'IOS', nativeToken: 'late' } as const;
    const request = { ...named, mobile: null, tags: [] };
    const registered = await rig.cycle.execute(register, request);
    if (typeof registered === 'string') throw new Error(registered);
    const id = await rig.push([registered.device.num]);
    await rig.cycle.execute(register, { ...request, push: { channel: 'APNS', token: 'abcd' } });
    await becomes(rig, id, [ACCEPTED]);
  });

  it('takes what was under way in a crash for an attempt of unknown outcome', async () => {
    await start();
    const device = await rig.device();
    rig.answers.push(NEVER, NEVER);
    const id = await rig.push([device]);
    await rig.sentCount(1);
    for (const count of [1, 2]) {
      await rig.crash();
      expect(await statesOf(rig, id)).toEqual([SENDING]);
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
      await rig.settled();
      if (count === 1) await eventually(() => rig.sent.filter(({ message }) => message.id === String(id)).length === 2);
    }
    await becomes(rig, id, [UNKNOWN]);
    expect(rig.sent.filter(({ message }) => message.id === String(id)).length).toBe(2);
  });

  it('remembers what was under way in a crash while the wake waits for something else', async () => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.answers.push(NEVER);
    const id = await rig.push([device]);
    await rig.sentCount(1);
    await rig.crash();
    rig.end(device, 'lost');
    await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
    await rig.settled();
    expect(await rig.wakesOf(id)).toMatchObject([{ state: DUE, attempt: 1, doubts: 1 }]);
  });
});
