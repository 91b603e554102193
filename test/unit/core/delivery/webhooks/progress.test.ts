import { describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import { createProgressKeeper } from '../../../../../core/delivery/webhooks/progress.js';
import type { WriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import { OLDEST } from '../../../../../core/domain/receipt-position.js';
import { StoreUnavailable, type WebhookProgress } from '../../../../../core/store/store.js';
import { eventually } from '../../../../support/eventually.js';

function progressOf(num: number, seq: number): WebhookProgress {
  const position = { ...OLDEST, seq };
  const standing = { failingSince: null, reason: null, disabledAt: null };
  return { num, position, rewinds: 0, ...standing, dead: [], taken: [], refused: [] };
}

/** A keeper over commits that `refuse` may fail, and how far each webhook is kept. */
function keeperOver(refuse: (progress: readonly WebhookProgress[]) => Error | undefined = () => undefined) {
  const kept = new Map<number, number>();
  const execute = vi.fn(async (_kind: unknown, progress: readonly WebhookProgress[]) => {
    const error = refuse(progress);
    if (error !== undefined) throw error;
    for (const { num, position } of progress) kept.set(num, position.seq);
    return 0;
  });
  // The keeper uses nothing else of it, and logs for debugging alone.
  const cycle = { execute, commands: {} } as unknown as WriteCycle;
  const log = { debug() {} } as unknown as Logger;
  const keeper = createProgressKeeper({ cycle: () => cycle, dropped() {}, log, keepMs: 1 });
  return { keeper, kept, commits: () => execute.mock.calls.length };
}

describe('progress of webhooks', () => {
  it('of 300 that are busy is kept in one commit', async () => {
    const { keeper, kept, commits } = keeperOver();
    for (let num = 1; num <= 300; num++) keeper.note(progressOf(num, num), true);
    await eventually(() => kept.size === 300);
    expect(commits()).toBe(1);
    await keeper.stop();
    expect(commits()).toBe(1);
  });

  it('that the store refuses for what it is holds up no other, and is tried again', async () => {
    let isRefusing = true;
    const { keeper, kept } = keeperOver((progress) => {
      return isRefusing && progress.some(({ num }) => num === 7) ? new Error('refused') : undefined;
    });
    for (let num = 1; num <= 20; num++) keeper.note(progressOf(num, num), true);
    await eventually(() => kept.size === 19);
    expect(kept.has(7)).toBe(false);
    isRefusing = false;
    await eventually(() => kept.has(7));
    await keeper.stop();
  });

  it('waits while the store is not available, and is kept as it is by then', async () => {
    let isDown = true;
    const { keeper, kept, commits } = keeperOver(() => (isDown ? new StoreUnavailable('read only') : undefined));
    for (const num of [1, 2]) keeper.note(progressOf(num, 1), true);
    await eventually(() => commits() >= 3);
    keeper.note(progressOf(2, 5), true);
    isDown = false;
    await eventually(() => kept.size === 2);
    expect([...kept]).toEqual([
      [1, 1],
      [2, 5],
    ]);
    await keeper.stop();
  });
});
