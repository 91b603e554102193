import type { App } from '../../core/domain/app.js';
import type { DeviceToken } from '../../core/domain/channel.js';
import { channelCodes, environmentCodes } from '../../core/store/sql/codes.js';
import { laneOf } from '../../core/store/sql/lanes.js';
import type { Wake, WakeChanges, WakePlan, WakeScope } from '../../core/store/store.js';
import { must, type OpenStore } from './each-store.js';
import { NOW, newDevices, nextNumber } from './samples.js';

/** Time until which what is claimed may be under way. */
export const UNTIL = NOW + 60_000;

/** The lane of an app's tokens of APNs. */
export const apnsLane = (app: App): number => laneOf(app.num, { channel: 'APNS' });

/** Makes tokens and wakes in a store. */
export function wakeSamples(opened: OpenStore) {
  /** Gives a device a token; answers its hash. */
  async function giveToken(
    app: App,
    deviceNum: number,
    given: Pick<Partial<DeviceToken>, 'channel' | 'environment'> = {},
  ): Promise<string> {
    const number = nextNumber();
    const { channel = 'APNS', environment = 'PRODUCTION' } = given;
    await opened.change(
      `INSERT INTO device_tokens (device_num, app_num, channel, environment, token, token_hash, lane, registered_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        deviceNum,
        app.num,
        channelCodes.toCode(channel),
        environmentCodes.toCode(environment),
        `vendor-token-${number}`,
        `hash-${number}`,
        laneOf(app.num, { channel, environment }),
        NOW,
      ],
    );
    return `hash-${number}`;
  }

  /** Makes devices with tokens. */
  async function wakeable(app: App, count: number, given: Parameters<typeof newDevices>[3] = {}): Promise<number[]> {
    const nums = (await newDevices(opened.store, app, count, given)).map(({ device }) => device.num);
    for (const num of nums) await giveToken(app, num);
    return nums;
  }

  /** Plans; answers how many. */
  async function plan(scope: WakeScope, given: Partial<WakePlan> = {}): Promise<number> {
    const [made] = await opened.store.commitWakePlans([{ scope, dueAt: NOW, spreadMs: 0, now: NOW, ...given }]);
    return must(made).planned;
  }

  function change(given: Partial<WakeChanges>): Promise<Wake[]> {
    return opened.store.commitWakes({
      claims: [],
      until: UNTIL,
      settled: [],
      postponed: [],
      dropped: [],
      refusedTokens: [],
      moved: [],
      now: NOW,
      ...given,
    });
  }

  return { giveToken, wakeable, plan, change };
}
