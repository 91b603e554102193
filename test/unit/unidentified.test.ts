import { describe, expect, test, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import { START } from '../../common/position.js';
import type { EdgePort } from '../../core/delivery/edge-port.js';
import { createOpenings } from '../../core/delivery/openings.js';
import type { Announced } from '../../core/delivery/session.js';
import type { Subscriber } from '../../core/domain/device.js';

const DEVICE: Subscriber = { num: 1, id: 'device', appNum: 2, platform: 'WEB', registered: true, memberships: [] };

/** Openings whose look-ups wait until `answer` is called. */
function createTestOpenings(found: Subscriber[] = [DEVICE]) {
  const log: string[] = [];
  let answer: (error?: Error) => void = () => undefined;
  const closeSession = vi.fn();
  const openings = createOpenings({
    store: {
      findSubscribers: () =>
        new Promise((resolve, reject) => {
          log.push('look-up');
          answer = (error) =>
            error === undefined ? resolve(found.map((device) => ({ ...device, appDisabled: false }))) : reject(error);
        }),
    },
    cycle: {
      read: (deviceNum, through) => log.push(`read ${deviceNum} ${through}`),
      confirmed: ({ deviceNum, pushId }) => log.push(`confirmed ${deviceNum} ${pushId}`),
    },
    begin: (opened) => {
      for (const { device } of opened) log.push(`begin ${device.id}`);
    },
    log: { warn: vi.fn() } as unknown as Logger,
  });
  function announce(more: Partial<Announced> = {}): Announced {
    // Of an edge, only this is used here.
    const edge = { closeSession } as unknown as EdgePort;
    const announced = { edge, slot: 0, deviceId: 'device', through: START, closed: false, confirmed: [], ...more };
    openings.add(announced);
    return announced;
  }
  return {
    openings,
    log,
    closeSession,
    announce,
    lookedUp: () => vi.waitFor(() => expect(log).toContain('look-up')),
    answer: (error?: Error) => answer(error),
  };
}

describe('openings', () => {
  test('owe nothing for a session that is only announced', async () => {
    const { openings, announce, lookedUp, answer, log } = createTestOpenings();
    announce();
    expect(openings.told()).toBeUndefined();
    await lookedUp();
    answer();
    await vi.waitFor(() => expect(log).toEqual(['look-up', 'begin device']));
  });

  test.each<[string, Partial<Announced>, string]>([
    ['a session of an earlier core confirmed', { closed: true, confirmed: [7] }, 'confirmed 1 7'],
    ['a session was handed before it was over', { closed: true, through: [9] }, 'read 1 9'],
  ])('owe what %s until the write cycle has it', async (_, announced, said) => {
    const { openings, announce, lookedUp, answer, log } = createTestOpenings();
    announce(announced);
    const told = openings.told()?.then(() => log.push('told'));
    expect(told).toBeDefined();
    await lookedUp();
    expect(log).toEqual(['look-up']);
    answer();
    await told;
    expect(log).toEqual(['look-up', said, 'told']);
    expect(openings.told()).toBeUndefined();
  });

  test('owe what a session reports while it is being looked up', async () => {
    const { openings, announce, lookedUp, answer, log } = createTestOpenings();
    const announced = announce();
    await lookedUp();
    openings.confirmed(announced, 7);
    openings.closed(announced, [9]);
    const told = openings.told();
    expect(told).toBeDefined();
    answer();
    await told;
    expect(log).toEqual(['look-up', 'confirmed 1 7', 'read 1 9']);
  });

  test('owe it as long as it cannot be looked up', async () => {
    const { openings, announce, lookedUp, answer, log } = createTestOpenings();
    announce({ closed: true, confirmed: [7] });
    const told = openings.told()?.then(() => log.push('told'));
    await lookedUp();
    answer(new Error('no database'));
    await vi.waitFor(() => expect(log).toEqual(['look-up', 'look-up']));
    answer();
    await told;
    expect(log).toEqual(['look-up', 'look-up', 'confirmed 1 7', 'told']);
  });

  test('owe nothing for a device that does not exist, whatever its socket says later', async () => {
    const { openings, announce, lookedUp, answer, closeSession } = createTestOpenings([]);
    const announced = announce();
    openings.confirmed(announced, 7);
    const told = openings.told();
    await lookedUp();
    answer();
    await told;
    expect(closeSession).toHaveBeenCalledOnce();
    openings.confirmed(announced, 8);
    openings.closed(announced, [9]);
    expect(openings.told()).toBeUndefined();
  });

  test('look a device up again whose registration changed meanwhile', async () => {
    const { openings, announce, lookedUp, answer, log } = createTestOpenings();
    announce();
    await lookedUp();
    openings.changed('device');
    answer();
    await vi.waitFor(() => expect(log).toEqual(['look-up', 'look-up']));
    answer();
    await vi.waitFor(() => expect(log).toEqual(['look-up', 'look-up', 'begin device']));
  });
});
