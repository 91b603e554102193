import { beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../../../../../core/domain/device.js';
import type { NewRegistration } from '../../../../../core/store/store.js';
import { idOf } from '../../../../support/push-ids.js';
import { turn } from '../../../../support/scripted-commits.js';
import { DEVICE, type ScriptedSessions, scriptedSessions } from '../../../../support/scripted-sessions.js';
import { EVERYONE } from '../../../../support/shelf.js';

let scripted: ScriptedSessions;
beforeEach(() => {
  scripted = scriptedSessions();
});

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

/** The device is registered now, with these changes to what it was. */
function registered(changes: Partial<Device> = {}, topics: readonly number[] = [EVERYONE]): void {
  const { memberships, ...device } = DEVICE;
  scripted.sessions.registered(
    // Of a registration, sessions use these.
    { device: { ...device, ...changes }, topics } as Parameters<typeof scripted.sessions.registered>[0],
    { sinceId: idOf(100) } as NewRegistration,
  );
}

/** A live session, of which nothing has been told yet. */
async function live(): Promise<void> {
  await scripted.letGo();
  await scripted.open(1);
  await turn();
  expect(scripted.told).toEqual(['resume', 'live']);
  scripted.told.length = 0;
}

describe('a session of a device that registers', () => {
  it('goes on with the topics that the same registration has now', async () => {
    const { told, pushed } = scripted;
    await live();
    registered({}, [EVERYONE, 7]);
    pushed(101);
    expect(told).toEqual(['live', 'deliver 101']);
  });

  it('is closed when it is of an earlier registration, even where nothing else seems to have changed', async () => {
    const { told, pushed, sessions } = scripted;
    await live();
    registered({ generation: 2 });
    expect(told).toEqual(['close 4410']);
    pushed(101);
    registered({ generation: 3 });
    expect(told).toEqual(['close 4410']);
    expect(sessions.presence(DEVICE.num)).toBeUndefined();
  });

  it('is closed while it reads what waited, and gets nothing of that', async () => {
    const { told, shelf, open, letGo } = scripted;
    shelf.inbox(DEVICE.num, [1]);
    await open(1);
    registered({ generation: 2 });
    await letGo();
    expect(told).toEqual(['close 4410']);
  });

  it('is closed when the device has unregistered, and not by what is said late of an earlier time', async () => {
    const { told, sessions } = scripted;
    await live();
    sessions.unregistered({ ...DEVICE, registered: false });
    expect(told).toEqual([]);
    sessions.unregistered({ ...DEVICE, registered: false, generation: 2 });
    expect(told).toEqual(['close 4410']);
  });
});

describe('a session that an edge announces again', () => {
  it.each(['closes', 'is lost'])(
    'and that %s before it is looked up how far it had read leaves how far it got',
    async (how) => {
      const { sessions, edge, advanced, holdCommits, open } = scripted;
      holdCommits();
      await open(1, 50);
      if (how === 'closes') expect(sessions.closed(edge, 1, idOf(50), 'closed')).toBe(true);
      else sessions.detached(edge);
      expect(advanced).toEqual([[DEVICE.num, idOf(50)]]);
    },
  );

  it('leaves nothing if it had received nothing', async () => {
    const { sessions, edge, advanced, holdCommits, open } = scripted;
    holdCommits();
    await open(1);
    sessions.closed(edge, 1, 0, 'closed');
    expect(advanced).toEqual([]);
  });
});

describe('a session that drains', () => {
  it('reads on once for each page, whatever is said again of an earlier one', async () => {
    const { told, shelf, sessions, edge, open, letGo, pushed } = scripted;
    shelf.inbox(DEVICE.num, range(1, 450));
    pushed(450);
    await letGo();
    await open(1);
    await turn();
    for (const [page, through] of [
      [1, 200],
      [1, 200],
      [1, 10],
      [2, 400],
      [1, 200],
      [2, 400],
    ] as const) {
      sessions.drained(edge, 1, page, idOf(through));
      await turn();
      await turn();
    }
    const delivered = told.filter((what) => what.startsWith('deliver')).map((what) => Number(what.slice(8)));
    expect(delivered).toEqual(range(1, 450));
    expect(told.filter((what) => what === 'resume')).toHaveLength(3);
    expect(told.at(-1)).toBe('live');
  });

  it('reads again from where its socket got to when it has stalled', async () => {
    const { told, shelf, sessions, edge, pushed } = scripted;
    await live();
    pushed(101);
    pushed(102);
    sessions.stalled(edge, 1);
    pushed(103);
    shelf.inbox(DEVICE.num, [102, 103]);
    sessions.drained(edge, 1, 1, idOf(101));
    await turn();
    await turn();
    expect(told).toEqual(['deliver 101', 'deliver 102', 'resume', 'deliver 102', 'deliver 103', 'live']);
  });
});

describe('what has ended', () => {
  const other = { deviceNum: 99, pushId: idOf(1) };

  it('is told to the session that may have been sent it, and to no other', async () => {
    const { told, sessions, edge } = scripted;
    await live();
    sessions.withdrawn([other, { deviceNum: DEVICE.num, pushId: idOf(1) }]);
    expect(told).toEqual(['recall 1 on 1']);
    sessions.closed(edge, 1, 0, 'closed');
    sessions.withdrawn([{ deviceNum: DEVICE.num, pushId: idOf(2) }]);
    expect(told).toEqual(['recall 1 on 1', 'release']);
  });

  it('is not told to a session whose end is known, while an earlier one of the device is still to report', async () => {
    const { told, sessions, edge, open } = scripted;
    await live();
    await open(2);
    sessions.closed(edge, 2, 0, 'closed');
    sessions.withdrawn([{ deviceNum: DEVICE.num, pushId: idOf(1) }]);
    expect(told).toEqual(['close 4409', 'release']);
  });

  it('is not sent to a session that reads, whether it waited or is held for it', async () => {
    const { told, shelf, sessions, open, pushed, letGo } = scripted;
    shelf.inbox(DEVICE.num, [1, 2, 3]);
    await open(1);
    for (const n of [101, 102, 103]) pushed(n);
    sessions.withdrawn([2, 102].map((n) => ({ deviceNum: DEVICE.num, pushId: idOf(n) })));
    sessions.recalled(idOf(103));
    await letGo();
    expect(told).toEqual([
      'recall 2 on 1',
      'recall 102 on 1',
      'recall 103',
      'resume',
      'deliver 1',
      'deliver 3',
      'deliver 101',
      'live',
    ]);
  });
});
