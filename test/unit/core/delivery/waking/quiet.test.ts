import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWakingRig, type WakingRig } from '../../../../support/waking.js';

let rig: WakingRig;
beforeAll(async () => {
  rig = await startWakingRig();
});
afterAll(() => rig?.stop());

/** Quiet hours in which it is the middle now. */
function quietNow() {
  const minute = Math.floor((Date.now() / 60_000) % 1440);
  return { timeZone: 'UTC', fromMinute: (minute + 1380) % 1440, untilMinute: (minute + 60) % 1440 };
}

it('makes the wakes of a quiet user wait, but for those that break through or that nobody sees', async () => {
  const [quiet, loud] = [await rig.device({ alias: 'quiet' }), await rig.device({ alias: 'loud' })];
  const { execute, commands } = rig.cycle;
  const subject = { kind: 'user' as const, alias: 'quiet' };
  await execute(commands.setQuietHours, { appNum: rig.app.num, subject, hours: quietNow() });

  const waiting = await rig.push([quiet, loud], { priority: 'HIGH' }, { interruption: 'ACTIVE' });
  const critical = await rig.push([quiet], {}, { interruption: 'CRITICAL' });
  const sensitive = await rig.push([quiet], {}, { interruption: 'TIME_SENSITIVE' });
  const command = await rig.push([quiet], { msgType: 'CMD' });
  const sent = (await rig.settled()).map(({ target, message }) => `${target.token} ${message.id}`);
  expect(sent.toSorted()).toEqual(
    [
      `token-${loud} ${waiting}`,
      ...[critical, sensitive, command].map((pushId) => `token-${quiet} ${pushId}`),
    ].toSorted(),
  );
  const wakes = await rig.wakesOf(waiting);
  expect(wakes.find(({ deviceNum }) => deviceNum === quiet)).toMatchObject({ state: 0, reason: 'QUIET_HOURS' });
});
