import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Resolution } from '../../core/delivery/audience.js';
import { createDeliveryQueue, type PushRequest } from '../../core/delivery/delivery-queue.js';
import { StoreUnavailable } from '../../core/store/store.js';

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
  const queue = createDeliveryQueue(() => {}, 0);
  const early = queue.push(request).catch((error: unknown) => error);
  vi.advanceTimersByTime(3000);
  void queue.push(request);
  vi.advanceTimersByTime(1500);
  expect(queue.take()?.orders).toHaveLength(1);
  expect(await early).toBeInstanceOf(StoreUnavailable);
});

it('refuses them while no batch is taken, so that they make room for others', async () => {
  const queue = createDeliveryQueue(() => {}, 0);
  const early = Array.from({ length: 15_000 }, () => queue.push(request).catch((error: unknown) => error));
  await expect(queue.push(request)).rejects.toMatchObject({ reason: 'OVERLOADED' });
  vi.advanceTimersByTime(5000);
  void queue.push(request);
  expect(await early.at(-1)).toBeInstanceOf(StoreUnavailable);
  expect(queue.take()?.orders).toHaveLength(1);
});

it('leaves room for other apps beside one that sends too much, and takes from both in turn', async () => {
  const queue = createDeliveryQueue(() => {}, 0);
  const of = (appNum: number): PushRequest => ({ ...request, header: { ...request.header, appNum } });
  for (let count = 0; count < 15_000; count++) void queue.push(of(1));
  await expect(queue.push(of(1))).rejects.toMatchObject({ reason: 'OVERLOADED' });
  for (let count = 0; count < 10; count++) void queue.push(of(2));
  const apps = queue.take()?.orders.map(({ header }) => header.appNum);
  expect(apps).toHaveLength(1000);
  expect(apps?.filter((appNum) => appNum === 2)).toHaveLength(10);
});

it('counts what waits of an app over all priorities', async () => {
  const queue = createDeliveryQueue(() => {}, 0);
  const of = (appNum: number, priority?: 'LOW'): PushRequest => ({
    ...request,
    header: { ...request.header, appNum, priority },
  });
  for (let count = 0; count < 15_000; count++) void queue.push(of(1));
  await expect(queue.push(of(1, 'LOW'))).rejects.toMatchObject({ reason: 'OVERLOADED' });
  void queue.push(of(2));
  expect(queue.take()?.orders.map(({ header }) => header.appNum)).toContain(2);
});

it('comes to every app, however large the pushes of another are', () => {
  const queue = createDeliveryQueue(() => {}, 0);
  const of = (appNum: number, devices: number): PushRequest => ({
    ...request,
    header: { ...request.header, appNum },
    resolution: to(devices),
  });
  // So large that a batch is full just when the first app has had its turn.
  for (let count = 0; count < 200; count++) void queue.push(of(1, 640));
  void queue.push(of(2, 1));
  const taken = [1, 2, 3].flatMap(() => queue.take()?.orders.map(({ header }) => header.appNum) ?? []);
  expect(taken).toContain(2);
});

it('takes what is urgent first and what is not last, each in its order', () => {
  const queue = createDeliveryQueue(() => {}, 0);
  const of = (alert: string, priority?: 'LOW' | 'HIGH'): PushRequest => ({
    ...request,
    header: { ...request.header, priority },
    content: { alert },
  });
  for (const order of [of('low', 'LOW'), of('one'), of('two'), of('high', 'HIGH')]) void queue.push(order);
  expect(queue.take()?.orders.map(({ content }) => content.alert)).toEqual(['high', 'one', 'two', 'low']);
});
