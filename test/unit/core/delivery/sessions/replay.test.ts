import { beforeEach, describe, expect, it } from 'vitest';
import { idOf } from '../../../../support/push-ids.js';
import { turn } from '../../../../support/scripted-commits.js';
import { DEVICE, type ScriptedSessions, scriptedSessions } from '../../../../support/scripted-sessions.js';

let scripted: ScriptedSessions;
beforeEach(() => {
  scripted = scriptedSessions();
});

describe('a session that reads what waited', () => {
  it('gets what is committed meanwhile after it, once', async () => {
    const { letGo, open, pushed, shelf, told } = scripted;
    shelf.inbox(1, [1, 2]);
    await open(1);
    pushed(101);
    await letGo();
    pushed(102);
    expect(told).toEqual(['resume', 'deliver 1', 'deliver 2', 'deliver 101', 'live', 'deliver 102']);
  });

  it('does not get what is recalled while it reads, whether it waited or came meanwhile', async () => {
    const { letGo, open, pushed, sessions, shelf, told } = scripted;
    shelf.inbox(1, [1, 2, 3]);
    await open(1);
    pushed(101);
    pushed(102);
    sessions.recalled(idOf(101));
    sessions.recalled(idOf(3));
    await letGo();
    expect(told.filter((what) => !what.startsWith('recall'))).toEqual([
      'resume',
      'deliver 1',
      'deliver 2',
      'deliver 102',
      'live',
    ]);
  });

  it('gets nothing when it has changed hands while it reads', async () => {
    const { letGo, open, sessions, shelf, told } = scripted;
    shelf.inbox(1, [1]);
    await open(1);
    sessions.unregistered({ ...DEVICE, registered: false, generation: 2 });
    await letGo();
    expect(told).toEqual(['close 4410']);
  });

  it('reads again what did not fit into what is held for it', async () => {
    const { edge, letGo, open, pushed, sessions, shelf, told } = scripted;
    shelf.inbox(1, [1]);
    await open(1);
    for (let id = 101; id <= 400; id++) pushed(id);
    await letGo();
    expect(told).toEqual(['resume', 'deliver 1', 'sync']);
    told.length = 0;
    shelf.inbox(
      1,
      Array.from({ length: 300 }, (_, index) => 101 + index),
    );
    sessions.drained(edge, 1, 1, idOf(1));
    await turn();
    expect(told.slice(1, 3)).toEqual(['deliver 101', 'deliver 102']);
    sessions.drained(edge, 1, 2, idOf(300));
    await turn();
    const delivered = told.filter((what) => what.startsWith('deliver')).map((what) => Number(what.slice(8)));
    expect(delivered).toEqual(Array.from({ length: 300 }, (_, index) => 101 + index));
    expect(told.at(-1)).toBe('live');
  });
});
