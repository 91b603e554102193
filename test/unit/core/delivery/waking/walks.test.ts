import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import { createWalks } from '../../../../../core/delivery/waking/walks.js';
import type { Walk } from '../../../../../core/store/store.js';
import { eventually } from '../../../../support/eventually.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
const [STUCK, OTHER] = [1, 2];

describe('walks', () => {
  it('go on for an app though another one has very many, and wakes that wait', async () => {
    const expiresAt = Date.now() + 3_600_000;
    const due = Array.from({ length: 40 }, (_, index): Walk => {
      const appNum = index === 39 ? OTHER : STUCK;
      return { pushId: index, appNum, after: 0, expiresAt, wake: 'OFFLINE' };
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
        async findDueWalks(_, limit, exceptApps = []) {
          const found = due.filter(({ appNum }) => !exceptApps.includes(appNum)).slice(0, limit);
          return { walks: found, next: undefined };
        },
        findWalkPage: async () => ({ devices: [], through: undefined }),
        countDueWakes: async (appNum, _, limit) => (appNum === STUCK ? limit : 0),
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
});
