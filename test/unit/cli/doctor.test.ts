import { expect, it } from 'vitest';
import { judgeStore } from '../../../cli/doctor/database.js';

const STORE = {
  kind: 'sqlite',
  version: '3.45.1',
  isSupported: true,
  migration: '0001_a',
  wanted: '0001_a',
  pending: 0,
  clockAheadMs: undefined,
  missingPrivileges: undefined,
  freeBytes: undefined,
} as const;

it.each([
  ['of another machine', undefined, undefined],
  ['with room', 5e9, 'ok'],
  ['with little room', 1e9, 'warn'],
  ['nearly full', 1e6, 'fail'],
])('judges a disk %s', (_, freeBytes, level) => {
  const check = judgeStore({ ...STORE, freeBytes }).find(({ name }) => name === 'disk');
  expect(check?.level).toBe(level);
  if (check !== undefined) expect(check.next === '').toBe(level === 'ok');
});
