import { expect, it } from 'vitest';
import { judgeStore } from '../../../cli/doctor/database.js';
import { adviceOf } from '../../../cli/doctor/readiness.js';
import { toFailure } from '../../../cli/failure.js';
import { StoreUnavailable } from '../../../core/store/store.js';

const STORE = {
  kind: 'sqlite',
  version: '3.45.1',
  isSupported: true,
  migration: '0001_a',
  wanted: '0001_a',
  pending: 0,
  isCutShort: false,
  isReadOnly: false,
  isDurable: true,
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

it.each([
  ['a restore that was cut short', { isCutShort: true, migration: undefined, pending: 16 }, 'tables', 'fail'],
  ['a server that is read-only', { isReadOnly: true }, 'writes', 'fail'],
  ['a server that may lose commits', { isDurable: false }, 'durability', 'warn'],
  ['a user who lacks a privilege', { missingPrivileges: ['INDEX'] }, 'grants', 'fail'],
  ['tables of a newer release', { pending: -1 }, 'tables', 'fail'],
  ['a clock that is a minute off', { clockAheadMs: 60_000 }, 'clock', 'fail'],
])('names %s, and what to do', (_, state, name, level) => {
  const found = judgeStore({ ...STORE, ...state }).filter((check) => check.level !== 'ok');
  expect(found).toEqual([expect.objectContaining({ name, level, next: expect.stringMatching(/./) })]);
});

it('finds nothing where all is well', () => {
  expect(judgeStore(STORE).filter(({ level }) => level !== 'ok')).toEqual([]);
});

it.each([
  ['ECONNREFUSED', /no server/, /Start it/],
  ['ER_BAD_DB_ERROR', /no database/, /CREATE DATABASE/],
  ['ER_DBACCESS_DENIED_ERROR', /no rights/, /GRANT/],
  ['ENOTFOUND', /host/, /ONEPUSH_DATABASE_URL/],
  ['SQLITE_FULL', /full/, /room/],
  ['SQLITE_BUSY', /cannot be reached/, /copy/],
  ['SQLITE_READONLY_DIRECTORY', /cannot be reached/, /rights/],
  ['ER_SOMETHING', /cannot be reached/, /ER_SOMETHING/],
])('says of a store that answers %s what is wrong and what to do', (code, says, next) => {
  const failure = toFailure(new StoreUnavailable(code));
  expect(failure).toMatchObject({ exit: 'unreachable', message: expect.stringMatching(says) });
  expect(failure.hint).toMatch(next);
});

it.each([
  ['no core is attached: the core refuses the link token', /ONEPUSH_LINK_TOKEN/],
  ["no core is attached: the core refuses the link's certificate", /TLS on the link/],
  ['no core is attached', /ONEPUSH_CORE_ADDRS/],
  ['', /log/],
])('advises whoever reads "%s" at /readyz', (text, advice) => {
  expect(adviceOf(text)).toMatch(advice);
});
