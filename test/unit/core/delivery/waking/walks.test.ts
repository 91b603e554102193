import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import { createWalks } from '../../../../../core/delivery/waking/walks.js';
import type { Walk } from '../../../../../core/store/store.js';
import { eventually } from '../../../../support/eventually.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
const [STUCK, OTHER] = [1, 2];

describe('walks', () => {
  it('go on for a lane though another one has very many, and wakes that wait', async () => {
    const expiresAt = Date.now() + 3_600_000;
    const due = Array.from({ length: 40 }, (_, index): Walk => {
      const appNum = index === 39 ? OTHER : STUCK;
      return { pushId: index, appNum, lane: appNum, lanes: 1, after: 0, expiresAt, wake: 'OFFLINE' };
    });
    const walked: number[] = [];
    const cycle = {
      commands: { walk: 'walk' },
      async execute(_: string, { pushId }: { pushId: number }): Promise<number> {
        const index = due.findIndex((walk) => walk.pushId === pushId);
        walked.push(...due.splice(index, 1).map(({ appNum }) => appNum));
        return 0;
      },
    };
    const walks = createWalks({
      store: {
        async findDueWalks(_, limit, except = []) {
          const found = due.filter(({ lane = 0 }) => !except.includes(lane)).slice(0, limit);
          return { walks: found, next: undefined };
        },
        findWalkPage: async () => ({ devices: [], through: undefined }),
        findTokenLanes: async () => [],
        countDueWakes: async (lane, _, limit) => (lane === STUCK ? limit : 0),
      },
      // As much of a cycle as walks use.
      cycle: cycle as unknown as Parameters<typeof createWalks>[0]['cycle'],
      isOnline: () => false,
      planned() {},
      paceOf: async () => undefined,
      log: LOG,
    });
    walks.start();
    await eventually(() => walked.length > 0);
    await walks.stop();
    expect(walked).toEqual([OTHER]);
  });

  it('of one push keep to its pace together', async () => {
    const walk: Walk = {
      pushId: 1,
      appNum: 1,
      lane: 1,
      lanes: 4,
      after: 0,
      expiresAt: Date.now() + 1e6,
      wake: 'OFFLINE',
    };
    const limits: number[] = [];
    const pauses: number[] = [];
    let isDue = true;
    const cycle = {
      commands: { walk: 'walk' },
      async execute(_: string, { nextAt, dueAt }: { nextAt: number; dueAt: number }): Promise<number> {
        pauses.push(nextAt - dueAt);
        isDue = false;
        return 0;
      },
    };
    const walks = createWalks({
      store: {
        findDueWalks: async () => ({ walks: isDue ? [walk] : [], next: undefined }),
        async findWalkPage(_, limit) {
          limits.push(limit);
          const device = (deviceNum: number) => ({ deviceNum, channel: 'APNS' as const });
          return { devices: Array.from({ length: limit }, (__, index) => device(index)), through: 9 };
        },
        findTokenLanes: async () => [],
        countDueWakes: async () => 0,
      },
      // As much of a cycle as walks use.
      cycle: cycle as unknown as Parameters<typeof createWalks>[0]['cycle'],
      isOnline: () => false,
      planned() {},
      paceOf: async () => 40,
      log: LOG,
    });
    walks.start();
    await eventually(() => pauses.length > 0);
    await walks.stop();
    // A quarter of it for each of the four.
    expect([limits, pauses]).toEqual([[10], [1000]]);
  });
});
