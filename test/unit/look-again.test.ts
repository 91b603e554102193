import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { Position } from '../../common/position.js';
import { coreOf, PER_MILLISECOND, SEQUENCES } from '../../common/push-id.js';
import type { EdgePort } from '../../core/delivery/edge-port.js';
import { createLookAgain, type LookAgain } from '../../core/delivery/look-again.js';
import type { Session } from '../../core/delivery/session.js';
import { firstIdAt } from '../../core/domain/id-clock.js';
import type { Push } from '../../core/domain/push.js';
import type { InboxRow, LookUps } from '../../core/store/store.js';
import { liveSession } from '../support/live-session.js';

const NOW = 1_800_000_000_000;
/** The id that a core gave out so many seconds ago. */
const id = (secondsAgo: number, core = 0): number => firstIdAt(NOW - secondsAgo * 1000) + core * SEQUENCES;

let rows: InboxRow[];
let unconfirmed: Set<number>;
let processed: { batch: number; through: Position };
let sessions: Session[];
let reads: number;
const deliver = vi.fn<EdgePort['deliver']>();
const readAgain = vi.fn<(session: Session) => void>();
let lookAgain: LookAgain;
/** What happens while the contents of pushes are read. */
let meanwhile: () => void;

beforeEach(() => {
  rows = [];
  unconfirmed = new Set();
  processed = { batch: 1, through: [id(0)] };
  reads = 0;
  meanwhile = () => {};
  deliver.mockClear();
  readAgain.mockClear();
  // Of an edge, sessions that are live use these.
  const edge = { deliver, processed: () => processed } as unknown as EdgePort;
  sessions = [liveSession(edge, 1), liveSession(edge, 2)];
  lookAgain = createLookAgain({
    sessions: () => sessions,
    readAgain,
    store: {
      async readInbox(devices, through, _now, limit) {
        reads++;
        const isWanted = ({ deviceNum, pushId }: InboxRow) =>
          devices.some((one) => one.deviceNum === deviceNum && pushId > one.after && pushId <= through);
        return rows.filter(isWanted).slice(0, limit);
      },
      async findPushes(ids) {
        meanwhile();
        return ids.map(pushOf);
      },
    } satisfies Pick<LookUps, 'readInbox' | 'findPushes'>,
    cycle: { settle: () => undefined, lastCommitted: () => id(0) },
    log: { warn: vi.fn(), debug: vi.fn() } as unknown as Logger,
    now: () => NOW,
  });
});

function pushOf(pushId: number): Push {
  const needConfirm = unconfirmed.has(pushId);
  // Of a push, what makes a frame.
  return { id: pushId, needConfirm, expiresAt: NOW + 1, content: { alert: 'x' }, appId: 'a' } as Push;
}

function waits(deviceNum: number, pushId: number): void {
  rows.push({ id: rows.length + 1, deviceNum, pushId });
}

const delivered = () => deliver.mock.calls.map(([slot, { pushId }, deliveryId]) => [slot, pushId, deliveryId]);

describe('what waits for a device that is online', () => {
  it('is sent after 30 s, once', async () => {
    waits(1, id(29));
    waits(2, id(31));
    await lookAgain.step();
    await lookAgain.step();
    expect(delivered()).toEqual([[2, id(31), 2]]);
    expect(coreOf(id(31))).toBe(0);
  });

  it.each([
    [
      'the store fails meanwhile',
      () => {
        throw new Error('gone');
      },
    ],
    // As after a stall that another message caused.
    ['the session is live anew', () => Object.assign(sessions[0] ?? {}, { state: { kind: 'live', sinceBatch: 1 } })],
  ])('is sent later when %s', async (_what, happens) => {
    waits(1, id(31));
    meanwhile = happens;
    await lookAgain.step();
    expect(delivered()).toEqual([]);
    meanwhile = () => {};
    for (let step = 0; step < 3; step++) await lookAgain.step();
    expect(delivered()).toEqual([[1, id(31), 1]]);
  });

  it('is left alone while its device is to confirm it, or while it may be under way', async () => {
    waits(1, id(31));
    unconfirmed.add(id(31));
    waits(2, id(40));
    processed = { batch: 1, through: [id(41)] };
    await lookAgain.step();
    expect(delivered()).toEqual([]);
  });

  it('is read by the session itself if another core accepted it after the session began', async () => {
    waits(1, id(31, 5));
    waits(2, id(32, 5));
    for (const session of sessions) session.page = { last: 0, through: [id(31.5, 5)] };
    await lookAgain.step();
    expect(readAgain.mock.calls).toEqual([[sessions[0]]]);
    expect(delivered()).toEqual([[2, id(32, 5), 2]]);
  });

  it.each([
    ['stalls', () => Object.assign(sessions[0] ?? {}, { state: { kind: 'draining' } })],
    ['is live anew', () => Object.assign(sessions[0] ?? {}, { state: { kind: 'live', sinceBatch: 1 } })],
    ['has its message recalled', () => lookAgain.recalled(id(31))],
  ])('is not sent to a session that %s meanwhile', async (_what, happens) => {
    waits(1, id(31));
    meanwhile = happens;
    await lookAgain.step();
    expect(delivered()).toEqual([]);
  });

  it('is read in parts, none of which is left out', async () => {
    for (let n = 0; n < 450; n++) waits(1, id(100) + n * PER_MILLISECOND);
    waits(2, id(50));
    for (let step = 0; step < 4; step++) await lookAgain.step();
    expect(delivered()).toHaveLength(451);
    expect(new Set(delivered().map(([, pushId]) => pushId)).size).toBe(451);
  });

  it('costs one query for all sessions, and none while there are none', async () => {
    await lookAgain.step();
    expect(reads).toBe(1);
    sessions = [];
    await lookAgain.step();
    await lookAgain.step();
    expect(reads).toBe(1);
  });
});
