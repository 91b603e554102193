import { expect, it } from 'vitest';
import { createDeviceRevocations } from '../../../../core/registry/device-revocations.js';

it('leaves out what was revoked since the snapshot, and nothing else', () => {
  const revocations = createDeviceRevocations();
  revocations.add(1);
  const snapshot = revocations.snapshot();
  const nums = [1, 2, 3];
  expect(revocations.keep(snapshot, nums)).toBe(nums);
  revocations.add(4);
  expect(revocations.keep(snapshot, nums)).toBe(nums);
  revocations.add(2);
  expect(revocations.keep(snapshot, nums)).toEqual([1, 3]);
  expect(revocations.keep(revocations.snapshot(), nums)).toBe(nums);
});

it('remembers a bounded number, and has only those look again whose snapshot is older', () => {
  const revocations = createDeviceRevocations(3);
  const oldest = revocations.snapshot();
  revocations.add(1);
  const next = revocations.snapshot();
  revocations.add(2);
  revocations.add(1);
  expect(revocations.keep(oldest, [1, 2, 9])).toEqual([9]);
  revocations.add(3);
  expect(revocations.keep(oldest, [9])).toBeUndefined();
  expect(revocations.keep(next, [1, 2, 3, 9])).toEqual([9]);
  for (const num of [4, 5, 6]) revocations.add(num);
  expect(revocations.keep(next, [9])).toBeUndefined();
});
