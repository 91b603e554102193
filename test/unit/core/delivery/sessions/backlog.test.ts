import { describe, expect, it } from 'vitest';
import { readBacklog } from '../../../../../core/delivery/sessions/backlog.js';
import type { BacklogPage } from '../../../../../core/delivery/sessions/backlog-page.js';
import type { Session } from '../../../../../core/delivery/sessions/session.js';
import type { Membership } from '../../../../../core/domain/device.js';
import { idOf, numberOf } from '../../../../support/push-ids.js';
import { createShelf, EVERYONE, type Shelf } from '../../../../support/shelf.js';

const NOW = 1000;
type Reader = Pick<Session, 'device' | 'after' | 'cursor'>;

/** A device's session; pushes by number. */
function reader(num: number, given: { after?: number; cursor?: number } = {}, memberships: Membership[] = []): Reader {
  const everyone = { topicNum: EVERYONE, since: 0, until: null };
  return {
    device: {
      num,
      id: String(num),
      appNum: 1,
      platform: 'ANDROID',
      registered: true,
      generation: 1,
      memberships: [everyone, ...memberships].map(({ topicNum, since, until }) => ({
        topicNum,
        since: idOf(since),
        until: until === null ? null : idOf(until),
      })),
    },
    after: idOf(given.after ?? 0),
    cursor: idOf(given.cursor ?? 0),
  };
}

/** One reader's page. */
async function read(shelf: Shelf, one: Reader, bound: number): Promise<{ ids: number[]; through: number }> {
  return shown((await readBacklog(shelf.lookUps, [one], idOf(bound), NOW)).get(one));
}

function shown(page: BacklogPage | undefined): { ids: number[]; through: number } {
  return {
    ids: page?.entries.map(({ outgoing }) => numberOf(outgoing.push.id)) ?? [],
    through: numberOf(page?.through ?? 0),
  };
}

/** Reads on as a session does, until it has all up to the bound: the ids of each page. */
async function readOn(shelf: Shelf, readers: readonly Reader[], bound: number): Promise<Map<number, number[]>> {
  const ids = new Map(readers.map(({ device }) => [device.num, [] as number[]]));
  let waiting = [...readers];
  for (let reads = 0; waiting.length > 0; reads++) {
    if (reads > 200) throw new Error('the reads make no progress');
    const pages = await readBacklog(shelf.lookUps, waiting, idOf(bound), NOW);
    for (const one of waiting) {
      ids.get(one.device.num)?.push(...shown(pages.get(one)).ids);
      one.after = pages.get(one)?.through ?? one.after;
    }
    waiting = waiting.filter((one) => pages.get(one)?.more);
  }
  return ids;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('what waits for a session', () => {
  it('is its inbox and its topics together, in the order of the pushes', async () => {
    const shelf = createShelf();
    shelf.inbox(1, [2, 5, 7]);
    shelf.inbox(2, [3]);
    shelf.topic(EVERYONE, [1, 4, 8]);
    shelf.topic(9, [6]);
    expect(await read(shelf, reader(1), 10)).toEqual({ ids: [1, 2, 4, 5, 7, 8], through: 10 });
    expect(await read(shelf, reader(2, {}, [{ topicNum: 9, since: 5, until: null }]), 7)).toEqual({
      ids: [1, 3, 4, 6],
      through: 7,
    });
  });

  it('is of a topic only what came while the device had it, and is for its platform', async () => {
    const shelf = createShelf();
    shelf.topic(9, [1, 2, 3, 4, 5, 6]);
    shelf.topic(EVERYONE, [7], { platform: 'IOS' });
    shelf.topic(EVERYONE, [8], { platform: 'ANDROID' });
    const memberships = [
      { topicNum: 9, since: 1, until: 3 },
      { topicNum: 9, since: 5, until: null },
    ];
    expect((await read(shelf, reader(1, {}, memberships), 10)).ids).toEqual([2, 3, 6, 8]);
  });

  it('is a push to several of its topics once', async () => {
    const shelf = createShelf();
    shelf.topic(EVERYONE, [1]);
    shelf.topic(9, [1]);
    expect((await read(shelf, reader(1, {}, [{ topicNum: 9, since: 0, until: null }]), 5)).ids).toEqual([1]);
  });

  it('is what comes after its cursor, and before it what must be confirmed and is not', async () => {
    const shelf = createShelf();
    shelf.topic(EVERYONE, [1, 4, 6]);
    shelf.topic(EVERYONE, [2, 3, 5, 7], { needConfirm: true });
    shelf.confirm(1, [3, 5]);
    expect((await read(shelf, reader(1, { cursor: 4 }), 10)).ids).toEqual([2, 6, 7]);
    // What this very session was sent does not come again.
    expect((await read(shelf, reader(1, { cursor: 4, after: 2 }), 10)).ids).toEqual([6, 7]);
  });

  it('comes in pages of 200, and the next page goes on where the last one ended', async () => {
    const shelf = createShelf();
    shelf.inbox(1, range(1, 450));
    const first = await read(shelf, reader(1), 1000);
    expect(first).toEqual({ ids: range(1, 200), through: 200 });
    expect(await read(shelf, reader(1, { after: 200 }), 1000)).toEqual({ ids: range(201, 200), through: 400 });
    expect(await read(shelf, reader(1, { after: 400 }), 1000)).toEqual({ ids: range(401, 50), through: 1000 });
  });

  it('goes no further than a full answer did, and leaves out its last push, which may be cut', async () => {
    const shelf = createShelf();
    for (const topicNum of [EVERYONE, 9]) shelf.topic(topicNum, range(1, 1500), { platform: 'WEB' });
    const one = reader(1, {}, [{ topicNum: 9, since: 0, until: null }]);
    expect(await read(shelf, one, 5000)).toEqual({ ids: [], through: 999 });
    expect([...(await readOn(shelf, [one], 5000)).values()]).toEqual([[]]);
  });

  it('ends for a device in the middle of whose inbox a full answer ends, and for those behind it', async () => {
    const shelf = createShelf();
    shelf.inbox(1, range(1, 4900));
    shelf.inbox(2, range(1, 150));
    shelf.inbox(3, [5]);
    const readers = [reader(3), reader(2), reader(1)];
    const pages = await readBacklog(shelf.lookUps, readers, idOf(6000), NOW);
    expect(readers.map((one) => shown(pages.get(one)))).toEqual([
      { ids: [], through: 0 },
      { ids: range(1, 100), through: 100 },
      { ids: range(1, 200), through: 200 },
    ]);
  });

  it('comes whole and once to all of many sessions that read on together', async () => {
    const shelf = createShelf();
    const readers = range(1, 40).map((num) => reader(num, { cursor: num * 100 }));
    const inboxes = readers.map(({ device }) => range(1, 20).map((n) => n * 400 + device.num));
    for (const [index, ids] of inboxes.entries()) shelf.inbox(index + 1, ids);
    const plain = range(0, 2500).map((n) => n * 3 + 100_000);
    const asked = range(0, 300).map((n) => n * 7 + 1_000_000);
    shelf.topic(EVERYONE, plain);
    shelf.topic(EVERYONE, asked, { needConfirm: true });
    shelf.topic(EVERYONE, [11, 3950], { needConfirm: true });
    const ids = await readOn(shelf, readers, 2_000_000);
    for (const [index, own] of inboxes.entries()) {
      const expected = [...own, 11, 3950, ...plain, ...asked].sort((a, b) => a - b);
      expect(ids.get(index + 1)).toEqual([...new Set(expected)]);
    }
  });

  it('makes progress past pages of which nothing is left', async () => {
    const shelf = createShelf();
    shelf.inbox(1, range(1, 300), { erased: true });
    shelf.inbox(1, [301]);
    const one = reader(1);
    expect(await read(shelf, one, 400)).toEqual({ ids: [], through: 200 });
    expect(await readOn(shelf, [one], 400)).toEqual(new Map([[1, [301]]]));
  });
});
