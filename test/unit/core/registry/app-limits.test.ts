import { describe, expect, it } from 'vitest';
import { createAppLimits, type LimitedApp } from '../../../../core/registry/app-limits.js';
import { createDevicePlaces } from '../../../../core/registry/device-places.js';
import { NO_LIMITS } from '../../../support/limits.js';

const APP: LimitedApp = { num: 1, limits: { sends: 10 } };

/** Limits by a clock that is set by hand. */
function createTest() {
  const clock = { ms: 1_000_000 };
  const limits = createAppLimits({ ...NO_LIMITS, sends: 5, sendStreams: 2 }, () => clock.ms);
  const used = (app: LimitedApp, name: string) => limits.usageOf(app).find((usage) => usage.name === name);
  return { clock, limits, used };
}

describe('the limits of an app', () => {
  it('are its own, or those of the settings', () => {
    const { limits } = createTest();
    expect([limits.limitOf(APP, 'sends'), limits.limitOf({ num: 2 }, 'sends')]).toEqual([10, 5]);
    expect(limits.limitOf({ num: 3, limits: { sends: 0 } }, 'sends')).toBe(0);
  });

  it('let as much of a rate pass as ten seconds bring, then what comes with time, whatever a clock does', () => {
    const { clock, limits } = createTest();
    for (let sent = 0; sent < 100; sent++) limits.take(APP, 'sends', 1);
    expect(() => limits.take(APP, 'sends', 1)).toThrow('A limit is reached: app.sends');
    clock.ms -= 86_400_000;
    expect(limits.isSpent(APP, 'sends')).toBe(true);
    clock.ms += 100;
    limits.take(APP, 'sends', 1);
    expect(limits.isSpent(APP, 'sends')).toBe(true);
    limits.charge(APP, 'sends', -1);
    expect(limits.isSpent(APP, 'sends')).toBe(false);
    // Another app is none of it.
    limits.take({ num: 2 }, 'sends', 1);
  });

  it('tell the rate of the last minute and the refusals of the last hour', () => {
    const { clock, limits, used } = createTest();
    for (let sent = 0; sent < 101; sent++) {
      try {
        limits.take(APP, 'sends', 1);
      } catch {}
    }
    expect(used(APP, 'sends')).toMatchObject({ limit: 10, isOwn: true, refused: 1 });
    expect(used(APP, 'sends')?.used).toBeCloseTo(100 / 60);
    clock.ms += 120_000;
    expect(used(APP, 'sends')).toMatchObject({ used: 0, refused: 1 });
    clock.ms += 7_200_000;
    expect(used(APP, 'sends')).toMatchObject({ used: 0, refused: 0 });
    expect(limits.refused()).toMatchObject({ 'app.sends': 1, 'app.tags': 0 });
  });

  it('count streams that are open', () => {
    const { limits, used } = createTest();
    const [end] = [limits.open(APP, 'sendStreams'), limits.open(APP, 'sendStreams')];
    expect(() => limits.open(APP, 'sendStreams')).toThrow('app.sendStreams');
    expect(used(APP, 'sendStreams')?.used).toBe(2);
    end();
    limits.open(APP, 'sendStreams');
  });

  it('are remembered for the apps that use them, however many others come', () => {
    const { clock, limits, used } = createTest();
    limits.open({ num: 0 }, 'sendStreams');
    for (let num = 1; num <= 20_000; num++) {
      limits.take({ num }, 'sends', 1);
      clock.ms += 1000;
    }
    expect(used({ num: 0 }, 'sendStreams')?.used).toBe(1);
    expect(used({ num: 20_000 }, 'sends')?.used).toBeGreaterThan(0);
  });
});

describe('places for devices', () => {
  it('are those that the store has counted, less what has come since and what is on its way', async () => {
    let counted = 1;
    let [counts, ms] = [0, 0];
    const count = async () => {
      counts++;
      return counted;
    };
    const places = createDevicePlaces(count, () => ms);
    const [first, second, third] = [await places.reserve(1, 3), await places.reserve(1, 3), await places.reserve(1, 3)];
    expect([first, second, third].map((place) => place !== undefined)).toEqual([true, true, false]);
    expect(counts).toBe(1);
    first?.(true);
    second?.(false);
    const fourth = await places.reserve(1, 3);
    fourth?.(true);
    expect(await places.reserve(1, 3)).toBeUndefined();
    // One has unregistered meanwhile.
    counted = 2;
    ms = 2000;
    expect(await places.reserve(1, 3)).toBeDefined();
    expect(counts).toBe(2);
  });
});
