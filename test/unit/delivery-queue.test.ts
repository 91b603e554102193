import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDeliveryQueue, type PushRequest } from '../../core/delivery/delivery-queue.js';
import { StoreUnavailable } from '../../core/store/store.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

const request: PushRequest = {
  header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
  content: { alert: 'x' },
  lifetime: 1000,
  resolution: { target: { kind: 'directed', deviceNums: [1] }, isCurrent: () => true },
};

it('refuses pushes that have waited so long that nobody waits for them any more', async () => {
  const queue = createDeliveryQueue();
  const early = queue.push(request).catch((error: unknown) => error);
  vi.advanceTimersByTime(3000);
  void queue.push(request);
  vi.advanceTimersByTime(1500);
  expect(queue.take()?.orders).toHaveLength(1);
  expect(await early).toBeInstanceOf(StoreUnavailable);
});

it('refuses them while no batch is taken, so that they make room for others', async () => {
  const queue = createDeliveryQueue();
  const early = Array.from({ length: 20_000 }, () => queue.push(request).catch((error: unknown) => error));
  await expect(queue.push(request)).rejects.toMatchObject({ reason: 'OVERLOADED' });
  vi.advanceTimersByTime(5000);
  void queue.push(request);
  expect(await early.at(-1)).toBeInstanceOf(StoreUnavailable);
  expect(queue.take()?.orders).toHaveLength(1);
});
