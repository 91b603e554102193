import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../support/eventually.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const [DUE, ACCEPTED] = [0, 2];
const HOUR = 3_600_000;
const SMS_TWILIO = 21;

describe('waking', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  const accepted = (pushId: number, count = 1) =>
    eventually(async () => (await rig.wakesOf(pushId)).filter(({ state }) => state === ACCEPTED).length === count, {
      message: `${count} wakes of ${pushId} to be accepted`,
    });

  /** Makes devices' tokens those of another environment. */
  async function toSandbox(devices: readonly number[]): Promise<void> {
    const sql = `UPDATE device_tokens SET environment = 1, lane = lane + 1 WHERE device_num IN (${devices.join(', ')})`;
    await rig.change(sql, []);
  }

  it('by one credential goes on however much waits for another one of the app and channel', async () => {
    await start();
    const stuck = await rig.devices(450);
    await toSandbox(stuck);
    rig.world.rooms.set(3, 0);
    const waiting = await rig.push(stuck);
    const device = await rig.device();
    for (let count = 0; count < 3; count++) await accepted(await rig.push([device]));
    expect((await rig.wakesOf(waiting)).every(({ state }) => state === DUE)).toBe(true);
    rig.world.rooms.delete(3);
    await accepted(waiting, stuck.length);
  });

  it('of everyone goes on for one environment though no more wakes of another one are taken', async () => {
    await start();
    const stuck = await rig.devices(1500);
    await toSandbox(stuck);
    const own = await rig.devices(2);
    rig.world.rooms.set(3, 0);
    const id = await rig.broadcast();
    // Of the barrier too.
    await accepted(id, own.length + 1);
    // Not all at once: a vendor that takes nothing has no more than some wait for it.
    expect((await rig.wakesOf(id)).length).toBeLessThan(stuck.length);
  });

  it('sends a short message by the vendor that the app has when it is due', async () => {
    await start();
    const device = await rig.device({ mobile: '+86138' });
    rig.world.rooms.set(2, 0);
    const id = await rig.push([device], {}, { smsMessage: 'text' });
    await eventually(async () => (await rig.wakesOf(id)).length === 2);
    rig.world.smsChannel = 'SMS_TWILIO';
    rig.world.rooms.delete(2);
    await accepted(id, 2);
    const rows = await rig.rows('SELECT channel FROM wakes WHERE push_id = ? AND channel > 8', [id]);
    expect(rows.map(({ channel }) => Number(channel))).toEqual([SMS_TWILIO]);
    expect(rig.sent.filter(({ credentialNum }) => credentialNum === 2)).toHaveLength(1);
  });

  it('waits no longer than it would have when the clock is set back', async () => {
    await start({ times: { graceMs: 200, smsMs: 200 } });
    const [device, other] = [await rig.device(), await rig.device({ mobile: '+86138' })];
    rig.online.set(device, Date.now());
    rig.online.set(other, Date.now());
    const id = await rig.push([device]);
    const sms = await rig.push([other], { needConfirm: true }, { smsMessage: 'text' });
    rig.end(device, 'lost');
    rig.world.clockAheadMs = -HOUR;
    await accepted(id);
    await accepted(sms, 2);
    // What comes after it is as usual.
    await accepted(await rig.push([device]));
  });

  it('walks a topic push again whose session ended with a core, however long none was there', async () => {
    await start();
    const device = await rig.device();
    rig.online.set(device, Date.now());
    const id = await rig.broadcast();
    await eventually(async () => (await rig.rows('SELECT push_id FROM wake_walks', [])).length === 0);
    rig.online.clear();
    rig.world.clockAheadMs = HOUR;
    for (const table of ['pushes', 'timeline'])
      await rig.change(`UPDATE ${table} SET expires_at = ?`, [Date.now() * 2]);
    await rig.crash();
    // The barrier's was before.
    await accepted(id, 2);
  });
});
