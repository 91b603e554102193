import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../support/eventually.js';
import { becomes, statesOf, WAKE } from '../../../../support/wake-states.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const { DUE, ACCEPTED, CANCELLED } = WAKE;
const HOUR = 3_600_000;

describe('waking', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  it('wakes a device without a session once', async () => {
    await start();
    const device = await rig.device();
    const id = await rig.push([device], { collapseKey: 'k', priority: 'HIGH' }, { title: 't', badge: 0 });
    await becomes(rig, id, [ACCEPTED]);
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
    expect(await statesOf(rig, id)).toEqual([]);
  });

  it('wakes at once when a session ends that has not acknowledged', async () => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    expect(await rig.settled()).toEqual([]);
    rig.end(device, 'dead');
    await becomes(rig, id, [ACCEPTED]);
  });

  it.each(['planned', 'lost'] as const)('wakes nobody who is back within the grace after a %s end', async (how) => {
    await start({ times: { graceMs: HOUR } });
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.push([device]);
    rig.end(device, how);
    await becomes(rig, id, [DUE]);
    rig.online.set(device, Date.now());
    await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
    expect(await rig.settled()).toEqual([]);
    // It is as if it had not been planned: the next end of a session plans it again.
    await becomes(rig, id, []);
    rig.end(device);
    await becomes(rig, id, [ACCEPTED]);
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
    expect(await statesOf(rig, id)).toEqual([]);
    await rig.stop();
    await start();
    const other = await rig.device();
    rig.online.set(other, Date.now());
    const unconfirmed = await rig.push([other], { needConfirm: true });
    await becomes(rig, unconfirmed, [ACCEPTED]);
  });

  it('wakes all with ALWAYS, and nobody with NEVER', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const always = await rig.push([device], { wake: 'ALWAYS' });
    await becomes(rig, always, [ACCEPTED]);
    rig.online.delete(device);
    const never = await rig.push([device], { wake: 'NEVER' });
    rig.end(device);
    expect((await rig.settled()).map(({ message }) => message.id)).toEqual([String(always)]);
    expect(await statesOf(rig, never)).toEqual([]);
  });

  describe('before it is due', () => {
    async function pending(): Promise<{ device: number; id: number }> {
      await start({ times: { graceMs: HOUR } });
      const device = await rig.device({ alias: 'user' });
      rig.online.set(device, Date.now());
      const id = await rig.push([device], { collapseKey: 'k' });
      rig.end(device, 'lost');
      await becomes(rig, id, [DUE]);
      return { device, id };
    }

    async function isCancelled(id: number): Promise<void> {
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ?', [id]);
      await rig.settled();
      expect(rig.sent.filter(({ message }) => message.id === String(id))).toEqual([]);
      await becomes(rig, id, [CANCELLED]);
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
});
