import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommitEffect } from '../../../../../core/delivery/commit-effects.js';
import { type Commands, createCommands } from '../../../../../core/delivery/writer/commands.js';
import { type Registered, StoreUnavailable, type StoreWriter } from '../../../../../core/store/store.js';
import { carriedOut } from '../../../../support/scripted-changes.js';

const NOW = 1000;
const SINCE = 77;
const commits = {
  commitRegistrations: vi.fn(),
  commitUnregistrations: vi.fn(),
  commitApps: vi.fn(),
  commitUpdates: vi.fn(),
  commitKeyRotations: vi.fn(),
  commitAppStates: vi.fn(),
  commitRecalls: vi.fn(),
  commitSweep: vi.fn(),
  commitEvictions: vi.fn(),
  commitJobs: vi.fn(),
  commitCancellations: vi.fn(),
};
let effects: CommitEffect[];
let changes: Commands;

beforeEach(() => {
  for (const mock of Object.values(commits)) mock.mockReset();
  effects = [];
  changes = createCommands({
    commits: commits as unknown as StoreWriter,
    onCommit: (effect) => effects.push(effect),
    pushIds: { next: () => SINCE + 1, last: () => SINCE },
    now: () => NOW,
  });
});

const registration = {
  appId: 'a',
  appNum: 1,
  alias: 'alias',
  platform: 'IOS' as const,
  nativeToken: 'token',
  mobile: null,
  tags: [],
};

describe('a change', () => {
  it('registers a device from the last push on, under an id that nobody knows', async () => {
    const result = { alias: 'alias' } as Registered;
    commits.commitRegistrations.mockResolvedValue([result]);
    expect(await carriedOut(changes.register.apply([registration]))).toEqual([result]);
    const expected = { ...registration, sinceId: SINCE, now: NOW, newId: expect.stringMatching(/^[0-9a-f]{32}$/) };
    expect(commits.commitRegistrations).toHaveBeenCalledExactlyOnceWith([expected]);
    expect(effects).toEqual([{ kind: 'registered', result, registration: expected }]);
    expect(changes.register.subjectOf(registration)).not.toBe(
      changes.register.subjectOf({ ...registration, appNum: 2 }),
    );
  });

  it('of a registration that waits for another one leaves the device the token that the store would leave it', () => {
    const merged = (earlier: object, later: object) =>
      changes.register.merge?.({ ...registration, ...earlier }, { ...registration, ...later });
    const named = { channel: 'FCM' as const, token: 'f' };
    const implied = { channel: 'APNS' as const, token: 'a', implied: true };
    expect(merged({ push: named }, { tags: ['t'] })).toEqual({ ...registration, tags: ['t'], push: named });
    expect(merged({ push: named }, { push: implied })?.push).toBe(named);
    expect(merged({ push: implied }, { push: named })?.push).toBe(named);
    expect(merged({ push: named }, { alias: 'other' })?.push).toBeUndefined();
    expect(merged({ push: named }, { alias: 'other', push: implied })?.push).toBe(implied);
  });

  it('has the effect of a recall only where there was something to recall', async () => {
    commits.commitRecalls.mockResolvedValue([undefined, { deliveries: 0 }]);
    const recalls = [5, 6].map((pushId) => ({ appNum: 1, pushId }));
    expect(await carriedOut(changes.recall.apply(recalls))).toEqual([undefined, { deliveries: 0 }]);
    expect(commits.commitRecalls).toHaveBeenCalledExactlyOnceWith(recalls.map((recall) => ({ ...recall, now: NOW })));
    expect(effects).toEqual([{ kind: 'recalled', pushId: 6 }]);
  });

  it('makes jobs under ids of their own, and has the runner look for the first that is due', async () => {
    commits.commitJobs.mockResolvedValue([SINCE + 1, 'conflict']);
    const spec = { header: { ...registration, tenantCode: '', msgType: 'MSG' as const, needConfirm: false } };
    const shared = { appNum: 1, spec, lifetime: 100 };
    const idempotency = { key: 'k', digest: 'd', expiresAt: 9 };
    const requests = [
      { ...shared, dueAt: NOW + 5, idempotency },
      { ...shared, dueAt: undefined, idempotency: undefined },
    ];
    expect(await carriedOut(changes.schedule.apply(requests))).toEqual([SINCE + 1, 'conflict']);
    const job = { id: SINCE + 1, appNum: 1, spec, createdAt: NOW };
    expect(commits.commitJobs).toHaveBeenCalledExactlyOnceWith([
      { ...job, dueAt: NOW + 5, expiresAt: NOW + 105, idempotency },
      { ...job, dueAt: NOW, expiresAt: NOW + 100, idempotency: undefined },
    ]);
    expect(effects).toEqual([{ kind: 'scheduled', dueAt: NOW }]);
    const [keyed, plain] = requests;
    if (keyed === undefined || plain === undefined) throw new Error('there are two');
    expect(changes.schedule.subjectOf(keyed)).toBe(changes.schedule.subjectOf(keyed));
    expect(changes.schedule.subjectOf(plain)).not.toBe(changes.schedule.subjectOf(plain));
  });

  it('cancels jobs now', async () => {
    commits.commitCancellations.mockResolvedValue([[5], undefined]);
    const jobs = [3, 4].map((id) => ({ id, appNum: 1 }));
    expect(await carriedOut(changes.cancel.apply(jobs))).toEqual([[5], undefined]);
    expect(commits.commitCancellations).toHaveBeenCalledExactlyOnceWith(jobs.map((job) => ({ ...job, now: NOW })));
  });

  it('evicts now, and answers how many deliveries of each inbox', async () => {
    commits.commitEvictions.mockResolvedValue([[7, 8, 9], []]);
    const evictions = [1, 2].map((deviceNum) => ({ deviceNum, keep: 9 }));
    expect(await carriedOut(changes.evict.apply(evictions))).toEqual([3, 0]);
    expect(commits.commitEvictions).toHaveBeenCalledExactlyOnceWith(
      evictions.map((eviction) => ({ ...eviction, now: NOW })),
    );
    expect(effects).toEqual([{ kind: 'withdrawn', deliveries: [7, 8, 9].map((pushId) => ({ deviceNum: 1, pushId })) }]);
  });

  it('sweeps one at a time', async () => {
    const swept = { expired: 1, erasedThrough: 2, more: false };
    commits.commitSweep.mockResolvedValue(swept);
    const sweep = { now: 1, eraseFrom: 0, removeBefore: 0 };
    expect(await carriedOut(changes.sweep.apply([sweep]))).toEqual([swept]);
    expect(changes.sweep.subjectOf(sweep)).toBe(changes.sweep.subjectOf({ ...sweep, now: 2 }));
  });

  it('has no effect when it fails, and the one of what it comes to when that is known late', async () => {
    const down = new StoreUnavailable('DOWN');
    for (const mock of Object.values(commits)) mock.mockRejectedValue(down);
    const register = changes.register.apply([registration]);
    const spec = { header: { ...registration, tenantCode: '', msgType: 'MSG' as const, needConfirm: false } };
    const schedule = changes.schedule.apply([{ appNum: 1, spec, lifetime: 1, dueAt: NOW + 5, idempotency: undefined }]);
    for (const { stored } of [
      register,
      schedule,
      changes.unregister.apply(['device']),
      changes.createApp.apply([{ id: 'a', name: 'a', keyHash: 'h' }]),
      changes.recall.apply([{ appNum: 1, pushId: 5 }]),
    ]) {
      await expect(stored).rejects.toBe(down);
    }
    expect(effects).toEqual([]);
    const result = { alias: 'alias' } as Registered;
    expect(register.committed([result])).toEqual([result]);
    expect(effects.map(({ kind }) => kind)).toEqual(['registered']);
    expect(schedule.committed([SINCE + 1])).toEqual([SINCE + 1]);
    expect(effects.at(-1)).toEqual({ kind: 'scheduled', dueAt: NOW + 5 });
  });
});
