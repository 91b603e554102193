import { afterEach, describe, expect, it } from 'vitest';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { eventually } from '../../../../support/eventually.js';
import { becomes, statesOf, WAKE } from '../../../../support/wake-states.js';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

const { DUE, ACCEPTED, FAILED, UNKNOWN } = WAKE;
const HOUR = 3_600_000;

describe('what a vendor answers', () => {
  let rig: WakingRig;

  async function start(...given: Parameters<typeof startWakingRig>): Promise<void> {
    rig = await startWakingRig(...given);
  }

  afterEach(() => rig.stop());

  it('sends again what was not processed, and fails what the vendor refuses', async () => {
    await start();
    const device = await rig.device();
    rig.answers.push({ kind: 'retry', scope: 'token', reason: 'TooManyRequests', afterMs: 20 });
    rig.answers.push({ kind: 'payload_bad', reason: 'PayloadTooLarge' });
    const id = await rig.push([device]);
    await eventually(async () => {
      await rig.change('UPDATE wakes SET due_at = 0 WHERE push_id = ? AND state = 0', [id]);
      await rig.settled();
      return (await statesOf(rig, id))[0] === FAILED;
    });
    expect(await rig.wakesOf(id)).toMatchObject([{ attempt: 2, reason: 'PayloadTooLarge' }]);
  });

  it('drops a dead token, but not one that was registered again meanwhile', async () => {
    await start();
    const [one, two] = [await rig.device(), await rig.device()];
    rig.answers.push({ kind: 'token_dead', reason: 'Unregistered', at: Date.now() + HOUR });
    const id = await rig.push([one]);
    await becomes(rig, id, [FAILED]);
    const next = await rig.push([one]);
    expect((await rig.settled()).length).toBe(1);
    expect(await statesOf(rig, next)).toEqual([]);
    let answer = (_: WakeOutcome): void => {};
    rig.answers.push(new Promise((resolve) => (answer = resolve)));
    const other = await rig.push([two]);
    await eventually(() => rig.sent.some(({ message }) => message.id === String(other)));
    await rig.change('UPDATE device_tokens SET registered_at = registered_at + 1, token = ? WHERE device_num = ?', [
      'rotated',
      two,
    ]);
    answer({ kind: 'token_dead', reason: 'Unregistered' });
    await becomes(rig, other, [ACCEPTED]);
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
      return (await statesOf(rig, id))[0] === UNKNOWN;
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
      rig,
      id,
      devices.map(() => DUE),
    );
    expect(rig.sent).toEqual([]);
    rig.world.room = 2;
    await becomes(
      rig,
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
});
