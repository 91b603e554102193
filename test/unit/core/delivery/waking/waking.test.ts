import { afterEach, describe, expect, it } from 'vitest';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { eventually } from '../../../../support/eventually.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const [DUE, SENDING, ACCEPTED, FAILED, UNKNOWN, CANCELLED] = [0, 1, 2, 3, 4, 5];
const NEVER: Promise<WakeOutcome> = new Promise(() => {});
const HOUR = 3_600_000;

describe('waking', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  const state = async (pushId: number) => (await rig.wakesOf(pushId)).map((wake) => wake.state);
  const becomes = (pushId: number, states: number[]) =>
    eventually(async () => (await state(pushId)).join() === states.join(), { message: `states ${states}` });

  it('wakes a device without a session once', async () => {
    await start();
    const device = await rig.device();
    const id = await rig.push([device], { collapseKey: 'k', priority: 'HIGH' }, { title: 't', badge: 0 });
    await becomes(id, [ACCEPTED]);
    rig.end(device);
    const sent = await rig.settled();
    expect(sent).toMatchObject([
      {
        credentialNum: 1,
        target: { token: `token-${device}` },
        message: {
          id: String(id),
          appId: 'app',
          kind: 'ALERT',
          key: 'k',
          title: 't',
          body: 'hello',
          badge: 0,
          priority: 'HIGH',
        },
      },
    ]);
  });

  it('has no rows for a device that is online and acknowledges', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    await rig.receive(device);
    rig.end(device);
    expect(await rig.settled()).toEqual([]);
    expect(await state(id)).toEqual([]);
  });

  it('wakes at once when a session ends that has not acknowledged', async () => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    expect(await rig.settled()).toEqual([]);
    rig.end(device, 'dead');
    await becomes(id, [ACCEPTED]);
  });

  it.each(['planned', 'lost'] as const)('wakes nobody who is back within the grace after a %s end', async (how) => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    rig.end(device, how);
    await becomes(id, [DUE]);
    rig.online.set(device, Date.now());
    await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
    expect(await rig.settled()).toEqual([]);
    // It is as if it had not been planned: the next end of a session plans it again.
    await becomes(id, []);
    rig.end(device);
    await becomes(id, [ACCEPTED]);
  });

  it('wakes nobody within the grace for what is pushed then, but with ALWAYS', async () => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    rig.end(device, 'lost');
    const id = await rig.push([device]);
    expect(await rig.settled()).toEqual([]);
    await eventually(async () => (await rig.wakesOf(id)).some(({ state: each }) => each === DUE));
    const always = await rig.push([device], { wake: 'ALWAYS' });
    expect((await rig.settled()).map(({ message }) => message.id)).toEqual([String(always)]);
  });

  it('wakes an online device that has not confirmed in time, and not before', async () => {
    await start({ times: { unconfirmedMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device], { needConfirm: true });
    rig.waking.sessionEnded({ num: device, appNum: rig.app.num }, 'closed');
    expect(await rig.settled()).toEqual([]);
    expect(await state(id)).toEqual([]);
    await rig.stop();
    await start();
    const other = await rig.device();
    rig.online.set(other, Date.now());
    const unconfirmed = await rig.push([other], { needConfirm: true });
    await becomes(unconfirmed, [ACCEPTED]);
  });

  it('wakes all with ALWAYS, and nobody with NEVER', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const always = await rig.push([device], { wake: 'ALWAYS' });
    await becomes(always, [ACCEPTED]);
    rig.online.delete(device);
    const never = await rig.push([device], { wake: 'NEVER' });
    rig.end(device);
    expect((await rig.settled()).map(({ message }) => message.id)).toEqual([String(always)]);
    expect(await state(never)).toEqual([]);
  });

  describe('before it is due', () => {
    async function pending(): Promise<{ device: number; id: number }> {
      await start({ times: { graceMs: HOUR } });
      const device = await rig.device({ alias: 'user' });
      rig.online.set(device, Date.now());
      const id = await rig.push([device], { collapseKey: 'k' });
      rig.end(device, 'lost');
      await becomes(id, [DUE]);
      return { device, id };
    }

    async function isCancelled(id: number): Promise<void> {
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
      await rig.settled();
      expect(rig.sent.filter(({ message }) => message.id === String(id))).toEqual([]);
      await becomes(id, [CANCELLED]);
    }

    it('is cancelled by an acknowledgement', async () => {
      const { device, id } = await pending();
      await rig.receive(device);
      await isCancelled(id);
    });

    it('is cancelled by a recall', async () => {
      const { id } = await pending();
      await rig.cycle.execute(rig.cycle.commands.recall, { pushId: id, appNum: rig.app.num });
      await isCancelled(id);
    });

    it('is cancelled by an expiry', async () => {
      const { id } = await pending();
      await rig.change('UPDATE pushes SET expires_at = 1 WHERE id = ?', [id]);
      await isCancelled(id);
    });

    it('is cancelled by a newer push in its place', async () => {
      const { device, id } = await pending();
      await rig.push([device], { collapseKey: 'k', wake: 'NEVER' });
      await isCancelled(id);
    });

    it('is cancelled by an unregistration', async () => {
      const { device, id } = await pending();
      const [row] = await rig.store.listDevices({ kind: 'alias', appNum: rig.app.num, alias: 'user' }, 0, 10);
      expect(row?.num).toBe(device);
      await rig.cycle.execute(rig.cycle.commands.unregister, row?.id ?? '');
      await isCancelled(id);
    });
  });

  it('sends again what was not processed, and fails what the vendor refuses', async () => {
    await start();
    const device = await rig.device();
    rig.answers.push({ kind: 'retry', scope: 'token', reason: 'TooManyRequests', afterMs: 20 });
    rig.answers.push({ kind: 'payload_bad', reason: 'PayloadTooLarge' });
    const id = await rig.push([device]);
    await eventually(async () => {
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ? AND state = 0', [id]);
      await rig.settled();
      return (await state(id))[0] === FAILED;
    });
    expect(await rig.wakesOf(id)).toMatchObject([{ attempt: 2, reason: 'PayloadTooLarge' }]);
  });

  it('drops a dead token, but not one that was registered again meanwhile', async () => {
    await start();
    const [one, two] = [await rig.device(), await rig.device()];
    rig.answers.push({ kind: 'token_dead', reason: 'Unregistered', at: Date.now() + HOUR });
    const id = await rig.push([one]);
    await becomes(id, [FAILED]);
    const next = await rig.push([one]);
    expect((await rig.settled()).length).toBe(1);
    expect(await state(next)).toEqual([]);
    let answer = (_: WakeOutcome): void => {};
    rig.answers.push(new Promise((resolve) => (answer = resolve)));
    const other = await rig.push([two]);
    await eventually(() => rig.sent.some(({ message }) => message.id === String(other)));
    await rig.change('UPDATE device_tokens SET registered_at = registered_at + 1, token = ? WHERE device_num = ?', [
      'rotated',
      two,
    ]);
    answer({ kind: 'token_dead', reason: 'Unregistered' });
    await becomes(other, [ACCEPTED]);
    expect(rig.sent.at(-1)?.target.token).toBe('rotated');
  });

  it('repeats an unknown outcome once, with the same key', async () => {
    await start();
    const device = await rig.device();
    rig.answers.push({ kind: 'unknown', reason: 'timeout' }, { kind: 'unknown', reason: 'timeout' });
    const id = await rig.push([device]);
    await eventually(async () => {
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ? AND state = 0', [id]);
      await rig.settled();
      return (await state(id))[0] === UNKNOWN;
    });
    const own = rig.sent.filter(({ message }) => message.id === String(id));
    expect(own.map(({ message }) => message.key)).toEqual([String(id), String(id)]);
  });

  it('holds what the vendors do not take, and sends it when they do', async () => {
    await start();
    rig.world.room = 0;
    const devices = await Promise.all(Array.from({ length: 5 }, () => rig.device()));
    const id = await rig.push(devices);
    await becomes(
      id,
      devices.map(() => DUE),
    );
    expect(rig.sent).toEqual([]);
    rig.world.room = 2;
    await becomes(
      id,
      devices.map(() => ACCEPTED),
    );
  });

  it('sends a device of Apple one background push in twenty minutes', async () => {
    await start();
    const device = await rig.device();
    const ids = [await rig.push([device], { msgType: 'CMD' }), await rig.push([device], { msgType: 'CMD' })];
    const sent = await rig.settled();
    expect(sent).toMatchObject([{ message: { kind: 'BACKGROUND', id: String(ids[0]) } }]);
    expect(await rig.wakesOf(ids[1] ?? 0)).toMatchObject([{ state: DUE, reason: 'PACED' }]);
  });

  it('finds after a crash what was committed and not planned', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    rig.online.clear();
    await rig.crash();
    await becomes(id, [ACCEPTED]);
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
    await becomes(id, [ACCEPTED]);
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
    await becomes(id, [ACCEPTED]);
  });

  it('takes what was under way in a crash for an attempt of unknown outcome', async () => {
    await start();
    const device = await rig.device();
    rig.answers.push(NEVER, NEVER);
    const id = await rig.push([device]);
    await rig.sentCount(1);
    for (const count of [1, 2]) {
      await rig.crash();
      expect(await state(id)).toEqual([SENDING]);
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
      await rig.settled();
      if (count === 1) await eventually(() => rig.sent.filter(({ message }) => message.id === String(id)).length === 2);
    }
    await becomes(id, [UNKNOWN]);
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

  it('walks a topic push, without those who are online, and stops at a recall', async () => {
    await start();
    const devices = await Promise.all(Array.from({ length: 4 }, () => rig.device()));
    const [here = 0, ...others] = devices;
    rig.online.set(here, Date.now());
    const id = await rig.broadcast();
    // Of the barrier too.
    await eventually(async () => (await state(id)).filter((each) => each === ACCEPTED).length === others.length + 1);
    rig.end(here);
    await eventually(async () => (await state(id)).filter((each) => each === ACCEPTED).length === devices.length + 1);
    rig.world.room = 0;
    const recalled = await rig.broadcast({}, { wakesPerSecond: 1 });
    await eventually(async () => (await state(recalled)).length > 0);
    await rig.cycle.execute(rig.cycle.commands.recall, { pushId: recalled, appNum: rig.app.num });
    rig.world.room = 100;
    await rig.settled();
    await eventually(async () => (await state(recalled)).every((each) => each === CANCELLED));
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
