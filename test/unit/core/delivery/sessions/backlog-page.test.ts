import { describe, expect, it } from 'vitest';
import { type Backlog, fillPages } from '../../../../../core/delivery/sessions/backlog-page.js';
import type { Session } from '../../../../../core/delivery/sessions/session.js';
import type { Push } from '../../../../../core/domain/push.js';
import { idOf, numberOf } from '../../../../support/push-ids.js';

type Reader = Pick<Session, 'after'>;

const KIB = 1024;
const reader = (): Reader => ({ after: idOf(10) });

/** A store whose pushes have so many bytes of text; 0: its content is erased. */
function storeOf(size: (id: number) => number) {
  /** How many pushes each look-up loaded. */
  const loads: number[] = [];
  /** Of how many each look-up asked the size. */
  const sizesAsked: number[] = [];
  return {
    loads,
    sizesAsked,
    async findContentSizes(ids: readonly number[]) {
      sizesAsked.push(ids.length);
      return new Map(ids.flatMap((id) => (size(numberOf(id)) > 0 ? [[id, size(numberOf(id))] as const] : [])));
    },
    async findPushes(ids: readonly number[]): Promise<Push[]> {
      loads.push(ids.length);
      return ids
        .filter((id) => size(numberOf(id)) > 0)
        .map((id) => ({ id, content: { alert: 'x'.repeat(size(numberOf(id))) } }) as unknown as Push);
    },
  };
}

const waiting = (pushes: readonly number[], bound: number): Backlog => ({
  rows: new Map(pushes.map((push) => [idOf(push), push * 10])),
  bound: idOf(bound),
  upTo: Number.POSITIVE_INFINITY,
});
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
const idsOf = (page: { entries: readonly { outgoing: { push: Push } }[] } | undefined) =>
  page?.entries.map(({ outgoing }) => numberOf(outgoing.push.id));

describe('pages', () => {
  it('have all that waits, if that is not too large, and leave out what is erased', async () => {
    const one = reader();
    const store = storeOf((id) => (id % 2 === 0 ? 0 : 100));
    const page = (await fillPages(store, new Map([[one, waiting(range(11, 200), 999)]]))).get(one);
    expect(idsOf(page)).toEqual(range(11, 200).filter((id) => id % 2 === 1));
    expect(page?.through).toEqual(idOf(999));
    expect(page?.entries.slice(0, 2).map(({ deliveryId }) => deliveryId)).toEqual([110, 130]);
    expect(store.loads).toEqual([100]);
  });

  it('end when they have 64 KiB, and nothing behind that is loaded', async () => {
    const one = reader();
    const store = storeOf(() => 30 * KIB);
    const page = (await fillPages(store, new Map([[one, waiting(range(11, 200), 999)]]))).get(one);
    expect(idsOf(page)).toEqual([11, 12, 13]);
    expect(page?.through).toEqual(idOf(13));
    expect(store.loads).toEqual([3]);
  });

  it('have one message at least, however large', async () => {
    const one = reader();
    const page = (
      await fillPages(
        storeOf(() => 1000 * KIB),
        new Map([[one, waiting([11, 12], 999)]]),
      )
    ).get(one);
    expect(idsOf(page)).toEqual([11]);
    expect(page?.through).toEqual(idOf(11));
  });

  it('are 16 MiB together, and those that get nothing are where they were', async () => {
    const readers = range(1, 100).map(reader);
    const chosen = new Map(readers.map((one, index) => [one, waiting([100 + index, 200 + index], 999)]));
    const pages = await fillPages(
      storeOf(() => 400 * KIB),
      chosen,
    );
    const filled = readers.filter((one) => (pages.get(one)?.entries.length ?? 0) > 0);
    expect(filled.length).toBeGreaterThan(30);
    expect(filled.length).toBeLessThan(50);
    for (const one of readers.slice(filled.length))
      expect(pages.get(one)).toEqual({ entries: [], through: idOf(10), more: true });
  });

  it('share what is for several sessions, and load it once', async () => {
    const readers = range(1, 50).map(reader);
    const store = storeOf(() => 100);
    const pages = await fillPages(store, new Map(readers.map((one) => [one, waiting(range(11, 30), 99)])));
    for (const one of readers) expect(idsOf(pages.get(one))).toEqual(range(11, 30));
    expect(store.loads).toEqual([30]);
  });

  it('load 16 MiB and a message at the most, however much waits for however many', async () => {
    const MIB = KIB * KIB;
    const readers = range(1, 150).map(reader);
    const store = storeOf(() => MIB);
    const chosen = new Map(readers.map((one, index) => [one, waiting(range(index * 1000 + 11, 600), 999_999)]));
    const pages = await fillPages(store, chosen);
    expect(store.loads.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(17);
    expect(store.loads.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(15);
    for (const count of store.sizesAsked) expect(count).toBeLessThanOrEqual(1300);
    // The others go on from where they were.
    const filled = readers.filter((one) => (pages.get(one)?.entries.length ?? 0) > 0);
    expect(filled).toEqual(readers.slice(0, filled.length));
    for (const one of readers) expect(pages.get(one)?.more).toBe(true);
  });

  it('are whole where they are small, after look-ups of some thousand sizes at once', async () => {
    const readers = range(1, 200).map(reader);
    const store = storeOf(() => 100);
    const chosen = new Map(readers.map((one, index) => [one, waiting(range(index * 1000 + 11, 200), 999_999)]));
    const pages = await fillPages(store, chosen);
    for (const one of readers) expect(pages.get(one)).toMatchObject({ more: false, through: idOf(999_999) });
    expect([...pages.values()].reduce((sum, { entries }) => sum + entries.length, 0)).toBe(40_000);
    expect(Math.max(...store.sizesAsked)).toBeLessThanOrEqual(1300);
  });
});
