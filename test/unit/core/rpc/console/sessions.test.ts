import { expect, it } from 'vitest';
import { createConsoleSessions, IDLE_MS, LIFETIME_MS } from '../../../../../core/rpc/console/sessions.js';

const OWNER = { kind: 'app', appId: 'a', keyNum: 1 } as const;

it('ends sessions that are not used, and all after some hours, and those that are signed out', () => {
  let now = 0;
  const sessions = createConsoleSessions(() => now);
  const [idle, used, left] = [sessions.begin(OWNER), sessions.begin(OWNER), sessions.begin(OWNER)];
  sessions.end(left);
  expect(sessions.use(left)).toBeUndefined();
  for (; now < LIFETIME_MS; now += IDLE_MS - 1) expect(sessions.use(used)).toBe(OWNER);
  expect(sessions.use(used)).toBeUndefined();
  expect(sessions.use(idle)).toBeUndefined();
  expect(sessions.use('')).toBeUndefined();
});

it('ends the one that was not used for longest when there are too many', () => {
  const sessions = createConsoleSessions(() => 0);
  const [first, second] = [sessions.begin(OWNER), sessions.begin(OWNER)];
  for (let count = 3; count <= 1000; count++) sessions.begin(OWNER);
  sessions.use(first);
  sessions.begin(OWNER);
  expect(sessions.use(first)).toBe(OWNER);
  expect(sessions.use(second)).toBeUndefined();
});
