import { expect, it } from 'vitest';
import { withoutReplaced } from '../../../../../core/delivery/writer/replaced.js';
import type { Push } from '../../../../../core/domain/push.js';
import type { NewPush } from '../../../../../core/store/store.js';

// Of a push, its id is looked at.
const push = (id: number): Push => ({ id }) as Push;
const directed = (id: number, deviceNums: readonly number[]): NewPush => ({
  push: push(id),
  target: { kind: 'directed', deliveries: deviceNums.map((deviceNum) => ({ id: id * 100 + deviceNum, deviceNum })) },
  idempotency: undefined,
});
const topic = (id: number): NewPush => ({
  push: push(id),
  target: { kind: 'topics', topicNums: [1] },
  idempotency: undefined,
});

it('leaves everything as it is where nothing was replaced', () => {
  const pushes = [directed(1, [1]), topic(2)];
  expect(withoutReplaced(pushes, { deliveries: [], topicPushes: [] })).toBe(pushes);
});

it('takes out topic pushes and single deliveries that have ended, those of earlier commits aside', () => {
  const pushes = [directed(1, [1, 2]), topic(2), directed(3, [1, 2]), topic(4)];
  const deliveries = [
    { deviceNum: 1, pushId: 1 },
    { deviceNum: 2, pushId: 0 },
  ];
  expect(withoutReplaced(pushes, { deliveries, topicPushes: [2, 99] })).toEqual([
    directed(1, [2]),
    directed(3, [1, 2]),
    topic(4),
  ]);
});
