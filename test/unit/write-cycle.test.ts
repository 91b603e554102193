import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { PushRequest } from '../../core/delivery/delivery-queue.js';
import { createWriteCycle, type Effects, type WriteCycle } from '../../core/delivery/write-cycle.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import type { Push } from '../../core/domain/push.js';
import { StoreUnavailable } from '../../core/store/store.js';
import { type ScriptedCommits, scriptedCommits, turn } from '../support/scripted-commits.js';

const CORE = 3;
const NOW = 1_800_000_000_000;

let commits: ScriptedCommits;
let cycle: WriteCycle;
/** What happened, in order: effects and answers. */
let events: string[];
const log = { warn: vi.fn(), error: vi.fn() };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  vi.clearAllMocks();
  commits = scriptedCommits();
  events = [];
  const effects = { pushed: (pushes: unknown[]) => events.push(`pushed ${pushes.length}`) };
  cycle = createWriteCycle({
    commits: commits.commits,
    pushIds: createIdClock(CORE, 0, () => NOW),
    deliveryIds: createIdClock(CORE, 0, () => NOW),
    // Only pushes are made here.
    effects: effects as unknown as Effects,
    core: CORE,
    // The two methods that the cycle uses.
    log: log as unknown as Logger,
    now: () => NOW,
  });
});
afterEach(() => vi.useRealTimers());

function request(alert: string, deviceNums: readonly number[] = [1], isCurrent = () => true): PushRequest {
  return {
    header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
    content: { alert },
    lifetime: 1000,
    resolution: { target: { kind: 'directed', deviceNums }, isCurrent },
  };
}

/** Pushes, and notes how it is answered. */
function push(...given: Parameters<typeof request>): Promise<Push | undefined> {
  const answer = cycle.push(request(...given));
  answer.then(
    (pushed) => events.push(pushed === undefined ? `${given[0]} again` : `${given[0]} done`),
    (error: unknown) =>
      events.push(`${given[0]} ${error instanceof Error && 'reason' in error ? error.reason : error}`),
  );
  return answer;
}

const alertsOf = (batch: { pushes: readonly { push: Push }[] }) => batch.pushes.map((made) => made.push.content.alert);
const confirmation = (pushId: number) => ({ deviceNum: 1, appNum: 1, pushId });

describe('the write cycle', () => {
  it('commits together what arrives together, and answers after the effects of the commit', async () => {
    push('a', [1, 2]);
    push('b', []);
    cycle.delivered([7, 8]);
    cycle.confirmed(confirmation(5));
    cycle.read(4, 10);
    cycle.read(4, 9);
    const { batch, succeed } = await commits.next();
    expect(alertsOf(batch)).toEqual(['a', 'b']);
    expect(batch).toMatchObject({ delivered: [7, 8], confirmed: [confirmation(5)], now: NOW });
    expect(batch.cursors).toEqual([{ deviceNum: 4, core: CORE, pushId: 10 }]);
    expect(batch.pushes[0]?.push).toMatchObject({ createdAt: NOW, expiresAt: NOW + 1000 });
    const { target } = batch.pushes[0] ?? {};
    expect(target).toMatchObject({ kind: 'directed', deliveries: [{ deviceNum: 1 }, { deviceNum: 2 }] });
    await turn();
    expect(events).toEqual([]);
    await succeed();
    expect(events).toEqual(['pushed 2', 'a done', 'b done']);
    expect(commits.count()).toBe(1);
  });

  it('gathers while a commit is under way, and gives out ids in the order of the commits', async () => {
    push('a');
    const first = await commits.next();
    for (const alert of ['b', 'c', 'd']) push(alert);
    await turn();
    expect(commits.count()).toBe(1);
    await first.succeed();
    const second = await commits.next();
    expect(alertsOf(second.batch)).toEqual(['b', 'c', 'd']);
    await second.succeed();
    const ids = [first, second].flatMap(({ batch }) => batch.pushes.map((made) => made.push.id));
    expect(ids).toEqual(ids.toSorted((x, y) => x - y));
    expect(new Set(ids).size).toBe(4);
    expect(commits.count()).toBe(2);
  });

  it('hands back what is for an audience that has changed, also while it waited', async () => {
    let current = true;
    push('a');
    const first = await commits.next();
    push('b', [1], () => current);
    push('c');
    push('d', [1], () => false);
    current = false;
    await first.succeed();
    const second = await commits.next();
    expect(alertsOf(second.batch)).toEqual(['c']);
    await second.succeed();
    expect(events).toEqual(['pushed 1', 'a done', 'b again', 'd again', 'pushed 1', 'c done']);
  });

  it('takes up a push whenever it comes, also while it comes to rest', async () => {
    for (let steps = 0; steps < 30; steps++) {
      push('a');
      await (await commits.next()).succeed();
      push('b', [1], () => false);
      await turn();
      const committed = push(`after ${steps}`);
      (await commits.next()).succeed();
      await committed;
      // So many turns of the microtask queue after an answer.
      for (let step = 0; step < steps; step++) await null;
      const late = push('late');
      await turn();
      expect(commits.count(), `a push ${steps} steps after an answer`).toBe((steps + 1) * 3);
      await (await commits.next()).succeed();
      await late;
    }
  });

  it('is at rest when nothing waits', async () => {
    await cycle.idle();
    push('a');
    const idle = cycle.idle();
    await (await commits.next()).succeed();
    await idle;
    expect(events).toEqual(['pushed 1', 'a done']);
  });
});

describe('the write cycle, when the store is not available', () => {
  const down = new StoreUnavailable('DOWN');

  it('refuses pushes, and keeps what has ended until it is committed', async () => {
    push('a');
    cycle.delivered([1]);
    cycle.confirmed(confirmation(1));
    cycle.read(4, 10);
    cycle.read(5, 10);
    await (await commits.next()).fail(down);
    expect(events).toEqual(['a STORE_UNAVAILABLE']);
    cycle.delivered([2]);
    cycle.confirmed(confirmation(2));
    cycle.read(4, 9);
    cycle.read(5, 11);
    push('b');
    await turn();
    expect(commits.count()).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(alertsOf(batch)).toEqual(['b']);
    expect(batch.delivered).toEqual([1, 2]);
    expect(batch.confirmed).toEqual([confirmation(1), confirmation(2)]);
    expect(new Map(batch.cursors.map((cursor) => [cursor.deviceNum, cursor.pushId]))).toEqual(
      new Map([
        [4, 10],
        [5, 11],
      ]),
    );
    await succeed();
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'pushed 1', 'b done']);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('tries again for as long as it takes', async () => {
    cycle.delivered([1]);
    for (let attempt = 0; attempt < 5; attempt++) {
      await (await commits.next()).fail(down);
      await vi.advanceTimersByTimeAsync(1000);
    }
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([1]);
    await succeed();
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits.count()).toBe(6);
  });

  it('comes to rest all the same', async () => {
    cycle.delivered([1]);
    const pending = await commits.next();
    const idle = cycle.idle();
    await pending.fail(down);
    await idle;
  });
});

describe('the write cycle, when the store refuses a batch', () => {
  it('finds the push that is refused, and commits its neighbours and what has ended', async () => {
    for (const alert of ['a', 'bad', 'c']) push(alert);
    cycle.delivered([1]);
    await (await commits.next()).fail(new Error('refused'));
    const settlements = await commits.next();
    expect(settlements.batch).toMatchObject({ pushes: [], delivered: [1] });
    await settlements.succeed();
    const ids: number[] = [];
    for (const alert of ['a', 'bad', 'c']) {
      const one = await commits.next();
      expect(alertsOf(one.batch)).toEqual([alert]);
      expect(one.batch).toMatchObject({ delivered: [], confirmed: [], cursors: [] });
      ids.push(one.batch.pushes[0]?.push.id ?? 0);
      await (alert === 'bad' ? one.fail('refused') : one.succeed());
    }
    expect(events).toEqual(['pushed 1', 'a done', 'bad refused', 'pushed 1', 'c done']);
    expect(cycle.lastCommitted()).toBe(ids[2]);
    expect(cycle.settled()).toBeUndefined();
  });

  it('refuses a lone push with what the store said', async () => {
    const error = new Error('refused');
    const answer = push('bad');
    await (await commits.next()).fail(error);
    await expect(answer).rejects.toBe(error);
    expect(commits.count()).toBe(1);
  });

  it('drops what has ended and is refused, since nothing would ever be committed behind it', async () => {
    cycle.delivered([1]);
    await (await commits.next()).fail(new Error('refused'));
    expect(log.error).toHaveBeenCalledTimes(1);
    cycle.delivered([2]);
    const { batch, succeed } = await commits.next();
    expect(batch.delivered).toEqual([2]);
    await succeed();
    expect(cycle.settled()).toBeUndefined();
  });

  it('keeps what has ended if the store goes away meanwhile', async () => {
    for (const alert of ['a', 'b']) push(alert);
    cycle.delivered([1]);
    await (await commits.next()).fail(new Error('refused'));
    for (let commit = 0; commit < 3; commit++) await (await commits.next()).fail(new StoreUnavailable('DOWN'));
    expect(events).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
    await vi.advanceTimersByTimeAsync(1000);
    const { batch, succeed } = await commits.next();
    expect(batch).toMatchObject({ pushes: [], delivered: [1] });
    await succeed();
  });
});

describe('what the write cycle has come to', () => {
  it('is settled once all that ended before the question is committed', async () => {
    expect(cycle.settled()).toBeUndefined();
    cycle.delivered([1]);
    const first = await commits.next();
    const settled = vi.fn();
    const early = cycle.settled()?.then(() => settled('early'));
    cycle.confirmed(confirmation(2));
    cycle.read(1, 1);
    const late = cycle.settled()?.then(() => settled('late'));
    await turn();
    expect(settled).not.toHaveBeenCalled();
    await first.succeed();
    await early;
    expect(settled.mock.calls).toEqual([['early']]);
    const second = await commits.next();
    await second.fail(new StoreUnavailable('DOWN'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).toHaveBeenCalledTimes(1);
    await (await commits.next()).succeed();
    await late;
    expect(cycle.settled()).toBeUndefined();
  });

  it('is not held up by pushes', async () => {
    push('a');
    await commits.next();
    expect(cycle.settled()).toBeUndefined();
  });

  it('has as its last push the last one that is committed, never one under way', async () => {
    const start = cycle.lastCommitted();
    push('a');
    push('b');
    const first = await commits.next();
    expect(cycle.lastCommitted()).toBe(start);
    await first.fail(new StoreUnavailable('DOWN'));
    expect(cycle.lastCommitted()).toBe(start);
    push('c');
    await vi.advanceTimersByTimeAsync(1000);
    const second = await commits.next();
    const id = second.batch.pushes[0]?.push.id ?? 0;
    expect(id).toBeGreaterThan(first.batch.pushes[1]?.push.id ?? 0);
    await second.succeed();
    expect(cycle.lastCommitted()).toBe(id);
    cycle.delivered([1]);
    await (await commits.next()).succeed();
    expect(cycle.lastCommitted()).toBe(id);
  });
});

describe('the bounds of the write cycle', () => {
  it('refuses pushes while 20,000 wait, and commits those in batches', async () => {
    const answers = Array.from({ length: 20_000 }, (_, index) => cycle.push(request(String(index))));
    await expect(cycle.push(request('too many'))).rejects.toMatchObject({ reason: 'OVERLOADED' });
    for (let commit = 0; commit < 20; commit++) {
      const { batch, succeed } = await commits.next();
      expect(batch.pushes).toHaveLength(1000);
      await succeed();
    }
    const pushes = await Promise.all(answers);
    expect(pushes.map((pushed) => pushed?.content.alert)).toEqual(pushes.map((_, index) => String(index)));
    const again = cycle.push(request('again'));
    await (await commits.next()).succeed();
    expect(await again).toBeDefined();
  });

  it('bounds a transaction by its deliveries and by its text', async () => {
    const many = Array.from({ length: 15_000 }, (_, index) => index);
    for (const alert of ['a', 'b', 'c']) push(alert, many);
    push('x'.repeat(5_000_000), []);
    push('last', []);
    for (const count of [2, 2, 1]) {
      const { batch, succeed } = await commits.next();
      expect(batch.pushes).toHaveLength(count);
      await succeed();
    }
  });
});
