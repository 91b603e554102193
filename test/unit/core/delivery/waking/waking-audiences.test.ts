import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../support/eventually.js';
import { statesOf, WAKE } from '../../../../support/wake-states.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const { ACCEPTED, CANCELLED } = WAKE;

describe('waking for topics and by short messages', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  it('walks a topic push, without those who are online, and stops at a recall', async () => {
    await start();
    const devices = await Promise.all(Array.from({ length: 4 }, () => rig.device()));
    const [here = 0, ...others] = devices;
    rig.online.set(here, Date.now());
    const id = await rig.broadcast();
    // Of the barrier too.
    await eventually(
      async () => (await statesOf(rig, id)).filter((each) => each === ACCEPTED).length === others.length + 1,
    );
    rig.end(here);
    await eventually(
      async () => (await statesOf(rig, id)).filter((each) => each === ACCEPTED).length === devices.length + 1,
    );
    rig.world.room = 0;
    const recalled = await rig.broadcast({}, { wakesPerSecond: 1 });
    await eventually(async () => (await statesOf(rig, recalled)).length > 0);
    await rig.cycle.execute(rig.cycle.commands.recall, { pushId: recalled, appNum: rig.app.num });
    rig.world.room = 100;
    await rig.settled();
    await eventually(async () => (await statesOf(rig, recalled)).every((each) => each === CANCELLED));
    expect(rig.sent.filter(({ message }) => message.id === String(recalled))).toEqual([]);
  });

  it('sends a user one short message, and none to who has acknowledged', async () => {
    await start();
    const user = { alias: 'u', mobile: '+86138' };
    const [phone, tablet] = [await rig.device(user), await rig.device(user)];
    const other = await rig.device({ mobile: '+86139' });
    rig.online.set(other, Date.now());
    rig.answers.push({ kind: 'accepted' }, { kind: 'accepted' }, { kind: 'unknown', reason: 'timeout' });
    await rig.push([phone, tablet, other], {}, { smsMessage: 'text' });
    await rig.receive(other);
    await eventually(() => rig.sent.some(({ credentialNum }) => credentialNum === 2));
    await rig.settled();
    const sms = rig.sent.filter(({ credentialNum }) => credentialNum === 2);
    expect(sms).toMatchObject([{ target: { token: '+86138' }, message: { kind: 'ALERT', body: 'text' } }]);
  });

  it('keeps short messages within their caps', async () => {
    await start({ smsLimits: { numberDaily: 1 } });
    const device = await rig.device({ mobile: '+86138' });
    const ids = [
      await rig.push([device], { wake: 'OFFLINE' }, { smsMessage: 'one' }),
      await rig.push([device], { wake: 'OFFLINE' }, { smsMessage: 'two' }),
    ];
    await eventually(async () => (await rig.wakesOf(ids[1] ?? 0)).some(({ reason }) => reason === 'SMS_LIMIT'));
    await rig.settled();
    expect(rig.sent.filter(({ credentialNum }) => credentialNum === 2).length).toBe(1);
  });
});
