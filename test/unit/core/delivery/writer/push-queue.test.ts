import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPushQueue, type PushQueue, type PushRequest } from '../../../../../core/delivery/writer/push-queue.js';
import type { Resolution } from '../../../../../core/delivery/writer/resolution.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

/** Pushes to so many devices. */
const to = (devices: number): Resolution => {
  const resolution: Resolution = {
    target: { kind: 'directed', deviceNums: Array(devices).fill(1) },
    current: () => resolution,
  };
  return resolution;
};

const request: PushRequest = {
  header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
  content: { alert: 'x' },
  lifetime: 1000,
  resolution: to(1),
};

it('refuses pushes that have waited so long that nobody waits for them any more', async () => {
  const queue = createPushQueue(() => {});
  const early = queue.push(request).catch((error: unknown) => error);
  vi.advanceTimersByTime(3000);
  void queue.push(request);
  vi.advanceTimersByTime(1500);
  expect(queue.take()).toHaveLength(1);
  expect(await early).toBeInstanceOf(StoreUnavailable);
});

it('refuses them while no batch is taken, so that they make room for others', async () => {
  const queue = createPushQueue(() => {});
  const early = Array.from({ length: 15_000 }, () => queue.push(request).catch((error: unknown) => error));
  await expect(queue.push(request)).rejects.toMatchObject({ reason: 'OVERLOADED' });
  vi.advanceTimersByTime(5000);
  void queue.push(request);
  expect(await early.at(-1)).toBeInstanceOf(StoreUnavailable);
  expect(queue.take()).toHaveLength(1);
});

it('leaves room for other apps beside one that sends too much, and takes from both in turn', async () => {
  const queue = createPushQueue(() => {});
  const of = (appNum: number): PushRequest => ({ ...request, header: { ...request.header, appNum } });
  for (let count = 0; count < 15_000; count++) void queue.push(of(1));
  await expect(queue.push(of(1))).rejects.toMatchObject({ reason: 'OVERLOADED' });
  for (let count = 0; count < 10; count++) void queue.push(of(2));
  const apps = queue.take().map(({ header }) => header.appNum);
  expect(apps).toHaveLength(1000);
  expect(apps.filter((appNum) => appNum === 2)).toHaveLength(10);
});

it('counts what waits of an app over all priorities', async () => {
  const queue = createPushQueue(() => {});
  const of = (appNum: number, priority?: 'LOW'): PushRequest => ({
    ...request,
    header: { ...request.header, appNum, priority },
  });
  for (let count = 0; count < 15_000; count++) void queue.push(of(1));
  await expect(queue.push(of(1, 'LOW'))).rejects.toMatchObject({ reason: 'OVERLOADED' });
  void queue.push(of(2));
  expect(queue.take().map(({ header }) => header.appNum)).toContain(2);
});

it('comes to every app, however large the pushes of another are', () => {
  const queue = createPushQueue(() => {});
  const of = (appNum: number, devices: number): PushRequest => ({
    ...request,
    header: { ...request.header, appNum },
    resolution: to(devices),
  });
  // So large that a batch is full just when the first app has had its turn.
  for (let count = 0; count < 200; count++) void queue.push(of(1, 640));
  void queue.push(of(2, 1));
  const taken = [1, 2, 3].flatMap(() => queue.take().map(({ header }) => header.appNum));
  expect(taken).toContain(2);
});

it('takes what is urgent first and what is not last, each in its order', () => {
  const queue = createPushQueue(() => {});
  const of = (alert: string, priority?: 'LOW' | 'HIGH'): PushRequest => ({
    ...request,
    header: { ...request.header, priority },
    content: { alert },
  });
  for (const each of [of('low', 'LOW'), of('one'), of('two'), of('high', 'HIGH')]) void queue.push(each);
  expect(queue.take().map(({ content }) => content.alert)).toEqual(['high', 'one', 'two', 'low']);
});

const MEGABYTE = 'x'.repeat(1_000_000);
const overdue = { code: 'OVERDUE' };

/** Pushes of a megabyte, of app 1 and then of app 2, until no more are taken: how many of each were. */
async function fill(
  queue: PushQueue,
  content: Partial<PushRequest['content']> = { alert: MEGABYTE },
): Promise<number[]> {
  const counts: number[] = [];
  for (const appNum of [1, 2]) {
    const large = { ...request, header: { ...request.header, appNum }, content: { ...request.content, ...content } };
    let refused = 0;
    const answers = Array.from({ length: 100 }, () =>
      queue.push(large).catch((error: unknown) => {
        refused++;
        return error;
      }),
    );
    expect(await answers.at(-1)).toMatchObject({ reason: 'OVERLOADED' });
    counts.push(100 - refused);
  }
  return counts;
}

/** 48 MiB of one app, and 64 in all. */
const FULL = [50, 17];

it.each(['alert', 'extra', 'sound', 'sender', 'sendDevice', 'smsMessage'] as const)(
  'is bounded in the bytes of an app and of all: %s counts',
  async (text) => {
    const queue = createPushQueue(() => {});
    expect(await fill(queue, { [text]: MEGABYTE })).toEqual(FULL);
    // What is small still finds room.
    void queue.push({ ...request, header: { ...request.header, appNum: 3 } });
    expect(queue.size()).toBe(68);
  },
);

it('has all its room again, and no more, when what waited is taken, put back, refused or overdue', async () => {
  const queue = createPushQueue(() => {});
  await fill(queue);
  const taken = queue.take();
  expect(taken).toHaveLength(4);
  queue.putBack(taken);
  expect(await fill(queue)).toEqual([0, 0]);
  while (queue.take().length > 0);
  expect(await fill(queue)).toEqual(FULL);
  queue.refuse(new Error('refused'));
  expect(await fill(queue)).toEqual(FULL);
  vi.advanceTimersByTime(5000);
  expect(await fill(queue)).toEqual(FULL);
  vi.advanceTimersByTime(5000);
  expect(queue.take()).toEqual([]);
  expect(queue.size()).toBe(0);
  expect(await fill(queue)).toEqual(FULL);
});

it('refuses a push whose call came so long ago that it has been given up, whenever it came here', async () => {
  vi.advanceTimersByTime(10_000);
  const queue = createPushQueue(() => {});
  await expect(queue.push({ ...request, since: performance.now() - 4001 })).rejects.toMatchObject(overdue);
  const late = queue.push({ ...request, since: performance.now() - 3900 });
  expect(queue.size()).toBe(1);
  vi.advanceTimersByTime(101);
  expect(queue.take()).toEqual([]);
  await expect(late).rejects.toMatchObject(overdue);
});

it('refuses it behind a push that was called later, too', async () => {
  vi.advanceTimersByTime(10_000);
  const queue = createPushQueue(() => {});
  void queue.push({ ...request, content: { alert: 'young' } });
  const late = Array.from({ length: 1500 }, () =>
    queue.push({ ...request, since: performance.now() - 3900 }).catch((error: unknown) => error),
  );
  void queue.push({ ...request, content: { alert: 'last' } });
  vi.advanceTimersByTime(101);
  expect(queue.take().map(({ content }) => content.alert)).toEqual(['young', 'last']);
  for (const answer of await Promise.all(late)) expect(answer).toMatchObject(overdue);
  expect(queue.size()).toBe(0);
  expect(await fill(queue)).toEqual(FULL);
});
