import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCheckpoints } from '../../../../../core/delivery/sessions/checkpoints.js';
import type { EdgePort } from '../../../../../core/delivery/sessions/edge-port.js';
import type { Session } from '../../../../../core/delivery/sessions/session.js';
import { liveSession } from '../../../../support/live-session.js';
import { idOf } from '../../../../support/push-ids.js';

const TOPIC = 7;
const read = vi.fn<(deviceNum: number, pushId: number) => void>();
let acknowledged: { batch: number; through: number };
let sessions: Session[];
/** Of an edge, a pass asks this. */
const edge = { acknowledged: () => acknowledged } as unknown as EdgePort;

beforeEach(() => {
  read.mockClear();
  acknowledged = { batch: 5, through: idOf(10) };
  sessions = [];
});

function checkpoints() {
  return createCheckpoints({ sessions: () => sessions, cycle: { advanceCursor: read, flush: () => undefined } });
}

function live(num: number, topics: readonly number[], sinceBatch = 1): Session {
  const session = liveSession(edge, num, topics);
  session.state = { kind: 'live', sinceBatch };
  sessions.push(session);
  return session;
}

describe('a pass over live sessions', () => {
  it('writes how far those are that something was pushed to, and once', async () => {
    const { published, pass } = checkpoints();
    live(1, [TOPIC]);
    live(2, [TOPIC + 1]);
    await pass();
    expect(read).not.toHaveBeenCalled();
    published([TOPIC], idOf(9));
    await pass();
    await pass();
    expect(read.mock.calls).toEqual([[1, idOf(10)]]);
  });

  it('writes what the edge has handled, and the rest when it has handled that', async () => {
    const { published, pass } = checkpoints();
    live(1, [TOPIC]);
    published([TOPIC], idOf(12));
    await pass();
    acknowledged = { batch: 6, through: idOf(12) };
    await pass();
    await pass();
    expect(read.mock.calls).toEqual([
      [1, idOf(10)],
      [1, idOf(12)],
    ]);
  });

  it('waits for a session that has stalled, and for one that its edge does not know as live yet', async () => {
    const { published, pass } = checkpoints();
    const stalled = live(1, [TOPIC]);
    stalled.state = { kind: 'draining' };
    live(2, [TOPIC], 6);
    live(3, [TOPIC]).state = { kind: 'closed' };
    published([TOPIC], idOf(9));
    await pass();
    expect(read).not.toHaveBeenCalled();
    stalled.state = { kind: 'live', sinceBatch: 6 };
    acknowledged = { batch: 6, through: idOf(11) };
    await pass();
    expect(read.mock.calls).toEqual([
      [1, idOf(11)],
      [2, idOf(11)],
    ]);
  });

  it('writes how far a session is that read what had waited', async () => {
    const { caughtUp, pass } = checkpoints();
    const session = live(1, [TOPIC]);
    session.page = { last: idOf(8), through: idOf(9) };
    caughtUp(session);
    await pass();
    expect(read.mock.calls).toEqual([[1, idOf(10)]]);
    expect(session.cursor).toBe(0);
  });
});
