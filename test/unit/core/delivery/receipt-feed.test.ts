import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { createReceiptFeed } from '../../../../core/delivery/receipt-feed.js';
import type { ReceiptEntry } from '../../../../core/domain/queries.js';
import { comparePositions, OLDEST, type ReceiptPosition } from '../../../../core/domain/receipt-position.js';

/** More than the feed keeps. */
const RECEIPTS = 11_000;

function receipt(seq: number): ReceiptEntry {
  const position = { seq, pushId: seq, deviceNum: 1 };
  return { position, appNum: 1, requestId: seq, deviceId: 'd', alias: 'a', state: 'delivered', endedAt: 0 };
}

it('a watcher that has fallen behind what is kept gets everything, in order', async () => {
  const committed: ReceiptEntry[] = [];
  const feed = createReceiptFeed(
    {
      async readReceipts(after: ReceiptPosition, limit: number) {
        return committed.filter(({ position }) => comparePositions(position, after) > 0).slice(0, limit);
      },
      lastReceipt: async () => committed.at(-1)?.position ?? OLDEST,
    },
    pino({ level: 'silent' }),
  );
  const { signal } = new AbortController();
  async function readUntil(count: number, got: number[], from: ReceiptPosition): Promise<ReceiptPosition> {
    let at = from;
    while (got.length < count) {
      const found = (await feed.next(at, signal)) ?? [];
      got.push(...found.map(({ position }) => position.seq));
      at = found.at(-1)?.position ?? at;
    }
    return at;
  }
  const commit = (count: number): void => {
    for (let added = 0; added < count; added++) committed.push(receipt(committed.length + 1));
    feed.committed();
  };

  const [fast, slow]: number[][] = [[], []];
  const first = Promise.all([readUntil(1, fast ?? [], OLDEST), readUntil(1, slow ?? [], OLDEST)]);
  commit(1);
  const [fastAt, slowAt] = await first;
  commit(RECEIPTS - 1);
  await readUntil(RECEIPTS, fast ?? [], fastAt);
  await readUntil(RECEIPTS, slow ?? [], slowAt);
  const all = committed.map(({ position }) => position.seq);
  expect(fast).toEqual(all);
  expect(slow).toEqual(all);
  feed.stop();
});

it.each([
  ['its caller goes', 'CANCELLED'],
  ['the core stops', 'STOPPED'],
])('a watcher whose first read is under way when %s does not wait for ever', async (_, what) => {
  let answerRead = (): void => {};
  const feed = createReceiptFeed(
    {
      readReceipts: () => new Promise((resolve) => (answerRead = () => resolve([]))),
      lastReceipt: async () => OLDEST,
    },
    pino({ level: 'silent' }),
  );
  const caller = new AbortController();
  const next = feed.next(OLDEST, caller.signal).catch((error: { reason: string }) => error.reason);
  if (what === 'CANCELLED') caller.abort();
  else feed.stop();
  answerRead();
  expect(await next).toBe(what === 'CANCELLED' ? undefined : 'CORE_UNAVAILABLE');
  feed.stop();
});

it.each([
  ['in the store', false],
  ['kept', true],
])('of receipts that are %s one page is handed on in a turn of the loop, however many watch', async (_, isKept) => {
  const receipts = Array.from({ length: 5000 }, (_, index) => receipt(index + 1));
  let committed = isKept ? 0 : receipts.length;
  let looks = 0;
  const feed = createReceiptFeed(
    {
      // Nothing waits for anything here, as with SQLite.
      readReceipts: async ({ seq }, limit) => receipts.slice(seq, Math.min(seq + limit, committed)),
      async lastReceipt() {
        looks++;
        return receipts[committed - 1]?.position ?? OLDEST;
      },
    },
    pino({ level: 'silent' }),
  );
  const caller = new AbortController();
  let pages = 0;
  async function watchAll(): Promise<void> {
    for (let at = OLDEST; at.seq < receipts.length; pages++) {
      at = (await feed.next(at, caller.signal))?.at(-1)?.position ?? at;
    }
  }
  if (isKept) {
    const keepsUp = watchAll();
    await vi.waitFor(() => expect(looks).toBe(1));
    committed = receipts.length;
    feed.committed();
    await keepsUp;
  }

  pages = 0;
  const turns: number[] = [];
  let next = setImmediate(countTurn);
  function countTurn(): void {
    turns.push(pages);
    pages = 0;
    next = setImmediate(countTurn);
  }
  await Promise.all(Array.from({ length: 3 }, watchAll));
  clearImmediate(next);
  feed.stop();
  expect(Math.max(...turns, pages)).toBe(1);
});
