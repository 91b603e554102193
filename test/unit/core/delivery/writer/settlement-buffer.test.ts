import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createSettlementBuffer,
  halves,
  joined,
  NO_SETTLEMENTS,
  type SettlementBuffer,
  type Settlements,
  sizeOf,
} from '../../../../../core/delivery/writer/settlement-buffer.js';

const SOON = 20;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
const ready = vi.fn<() => void>();
let buffer: SettlementBuffer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  ready.mockReset();
  buffer = createSettlementBuffer(ready, SOON);
});
afterEach(() => vi.useRealTimers());

/** Takes and commits all that is due. */
function commitAll(from = buffer): Settlements[] {
  const taken: Settlements[] = [];
  for (let batch = from.take(); batch !== undefined; batch = from.take()) {
    from.committed(batch);
    taken.push(batch.settlements);
  }
  return taken;
}

describe('settlements', () => {
  it('are taken in the order in which they came, at the most 4,000 at once', () => {
    let next = 0;
    for (const count of [3999, 4000, 1501, 9000]) {
      buffer.delivered(range(next, count));
      next += count;
    }
    expect(buffer.size()).toBe(next);
    const taken = commitAll();
    expect(taken.flatMap(({ delivered }) => delivered)).toEqual(range(0, next));
    expect(taken.map(sizeOf)).toEqual([4000, 4000, 4000, 4000, 2500]);
    expect(buffer.size()).toBe(0);
  });

  it('have at the most 1,000 confirmations at once', () => {
    for (const pushId of range(0, 2500)) buffer.confirmed({ deviceNum: 1, pushId });
    const taken = commitAll();
    expect(taken.map(({ confirmed }) => confirmed.length)).toEqual([1000, 1000, 500]);
    expect(taken.flatMap(({ confirmed }) => confirmed.map(({ pushId }) => pushId))).toEqual(range(0, 2500));
  });

  it('count cursors and publications too', () => {
    for (const id of range(1, 2500)) {
      buffer.advanceCursor(id, 7);
      buffer.published(id, 1);
    }
    expect(commitAll().map(sizeOf)).toEqual([4000, 1000]);
  });

  it('keep of each device how far it has read at most, and of each push all sessions', () => {
    buffer.advanceCursor(1, 5);
    buffer.advanceCursor(1, 3);
    buffer.published(7, 1);
    buffer.published(7, 2);
    buffer.flush();
    const [taken] = commitAll();
    expect(taken?.cursors).toEqual([{ deviceNum: 1, pushId: 5 }]);
    expect(taken?.published).toEqual([{ pushId: 7, sessions: 3 }]);
  });

  it('wait a little for others, and not when they are many or somebody asks', () => {
    buffer.delivered([1]);
    expect(ready).not.toHaveBeenCalled();
    expect(buffer.take()).toBeUndefined();
    vi.advanceTimersByTime(SOON);
    expect(ready).toHaveBeenCalledOnce();
    expect(commitAll()).toHaveLength(1);
    buffer.delivered(range(0, 1000));
    expect(ready).toHaveBeenCalledTimes(2);
    expect(commitAll()).toHaveLength(1);
    buffer.delivered([2]);
    buffer.flush();
    expect(ready).toHaveBeenCalledTimes(3);
    expect(commitAll()).toHaveLength(1);
    buffer.flush();
    vi.advanceTimersByTime(SOON);
    expect(ready).toHaveBeenCalledTimes(3);
  });

  it('are the first again when they are put back, and due', () => {
    buffer.delivered(range(0, 9000));
    const first = buffer.take();
    if (first === undefined) throw new Error('they are due');
    buffer.delivered([9999]);
    buffer.putBack(first);
    expect(buffer.size()).toBe(9001);
    expect(buffer.take()).toBe(first);
    buffer.putBack({ ...first, settlements: { ...first.settlements, delivered: [3] } });
    expect(commitAll().map(({ delivered }) => delivered[0])).toEqual([3, 4000, 8000]);
  });

  it('are settled when all that came before the question is committed, in however many batches', async () => {
    const settled = vi.fn();
    expect(buffer.whenSettled()).toBeUndefined();
    buffer.delivered(range(0, 5000));
    const early = buffer.whenSettled()?.then(() => settled('early'));
    const [first, second] = [buffer.take(), buffer.take()];
    buffer.delivered([9999]);
    const late = buffer.whenSettled()?.then(() => settled('late'));
    if (first === undefined || second === undefined) throw new Error('there are two');
    buffer.committed(first);
    await Promise.resolve();
    expect(settled).not.toHaveBeenCalled();
    buffer.committed(second);
    await early;
    expect(settled.mock.calls).toEqual([['early']]);
    buffer.flush();
    commitAll();
    await late;
    expect(buffer.whenSettled()).toBeUndefined();
  });

  it('are never left with nobody to take them', () => {
    type Step = (to: SettlementBuffer) => void;
    const step = fc.oneof(
      fc.constantFrom(1, 999, 1000, 4500).map(
        (count): Step =>
          (to) =>
            to.delivered(range(0, count)),
      ),
      fc.constantFrom(1, 999, 1001).map(
        (count): Step =>
          (to) => {
            for (const pushId of range(0, count)) to.confirmed({ deviceNum: 1, pushId });
          },
      ),
      fc.constantFrom(1, 2).map(
        (deviceNum): Step =>
          (to) =>
            to.advanceCursor(deviceNum, 1),
      ),
      fc.constant<Step>((to) => to.published(1, 1)),
      fc.constant<Step>((to) => to.flush()),
      fc.constant<Step>(commitAll),
      fc.constant<Step>(() => vi.advanceTimersByTime(SOON)),
      fc.constant<Step>((to) => {
        const batch = to.take();
        if (batch !== undefined) to.committed(batch);
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        let wanted = false;
        const tested = createSettlementBuffer(() => (wanted = true), SOON);
        // Whoever is told takes all: what came before is with that.
        const takeAll = () => {
          if (!wanted) return;
          wanted = false;
          commitAll(tested);
        };
        for (const take of steps) {
          take(tested);
          takeAll();
        }
        vi.advanceTimersByTime(SOON);
        takeAll();
        expect(tested.size()).toBe(0);
        expect(tested.whenSettled()).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

describe('the halves of settlements', () => {
  const ids = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 });
  const any = fc.record({
    delivered: ids,
    lateDelivered: ids.map((all) => all.map((deliveryId) => ({ deviceNum: 1, deliveryId }))),
    confirmed: ids.map((all) => all.map((pushId) => ({ deviceNum: 1, pushId }))),
    cursors: ids.map((all) => all.map((deviceNum) => ({ deviceNum, pushId: 1 }))),
    published: ids.map((all) => all.map((pushId) => ({ pushId, sessions: 1 }))),
  });

  it.each(['delivered', 'lateDelivered', 'confirmed', 'cursors', 'published'])(
    'of %s alone both have something',
    (kind) => {
      const [one, other] = halves({ ...NO_SETTLEMENTS, [kind]: [1, 2, 3] });
      expect([sizeOf(one), sizeOf(other)]).toEqual([2, 1]);
    },
  );

  it('both have something, and together all of it', () => {
    fc.assert(
      fc.property(
        any.filter((all) => sizeOf(all) > 1),
        (all) => {
          const [one, other] = halves(all);
          expect(Math.min(sizeOf(one), sizeOf(other))).toBeGreaterThan(0);
          expect(joined(one, other)).toEqual(all);
        },
      ),
    );
  });
});
