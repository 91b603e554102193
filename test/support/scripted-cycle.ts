import { type Mock, vi } from 'vitest';
import type { Logger } from '../../common/logs/log.js';
import type { Caller, PushRequest } from '../../core/delivery/writer/push-queue.js';
import type { Resolution } from '../../core/delivery/writer/resolution.js';
import { createWriteCycle, type WriteCycle, type WriteCycleOptions } from '../../core/delivery/writer/write-cycle.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import type { Confirmation, NewPush, Replaced } from '../../core/store/store.js';
import { type ScriptedCommits, scriptedCommits } from './scripted-commits.js';

/** The core's number, and the time, of a scripted cycle. */
const CORE = 3;
export const NOW = 1_800_000_000_000;

/** A write cycle whose commits the test ends. */
export interface ScriptedCycle {
  cycle: WriteCycle;
  commits: ScriptedCommits;
  /** What happened, in order: pushes handed on, and how callers of `push` were answered. */
  events: string[];
  pushed: Mock<(pushes: readonly NewPush[], current: readonly NewPush[]) => void>;
  replaced: Mock<(replaced: Replaced) => void>;
  fenced: Mock<() => void>;
  log: Record<'debug' | 'info' | 'warn' | 'error', Mock>;
  /** Pushes to devices, by default to number 1; the answer is noted under the push's alert. */
  push(
    alert: string,
    deviceNums?: readonly number[],
    isCurrent?: () => boolean,
    more?: { caller?: Caller; collapseKey?: string },
  ): Promise<number | undefined>;
}

/** @param settleWithin see `createSettlementBuffer`; by default what has ended is committed at once */
export function scriptedCycle(settleWithin = 0): ScriptedCycle {
  const commits = scriptedCommits();
  const events: string[] = [];
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const pushed = vi.fn((pushes: readonly NewPush[], _current: readonly NewPush[]) => {
    if (pushes.length > 0) events.push(`pushed ${pushes.length}`);
  });
  const replaced = vi.fn<(replaced: Replaced) => void>();
  const fenced = vi.fn<() => void>();
  const cycle = createWriteCycle({
    // Pushes are all that is made here: of the store and the log, the cycle uses what pushes need.
    store: commits.store as unknown as WriteCycleOptions['store'],
    onCommit(effect) {
      if (effect.kind === 'pushed') pushed(effect.pushes, effect.current);
      if (effect.kind === 'replaced') replaced(effect.replaced);
    },
    fenced,
    log: log as unknown as Logger,
    pushIds: createIdClock(CORE, 0, () => NOW),
    deliveryIds: createIdClock(CORE, 0, () => NOW),
    settleWithin,
    now: () => NOW,
  });
  return {
    cycle,
    commits,
    events,
    pushed,
    replaced,
    fenced,
    log,
    push(alert, deviceNums = [1], isCurrent = () => true, { caller, collapseKey } = {}) {
      const request = requestOf(alert, deviceNums, isCurrent);
      const answer = cycle.push({ ...request, header: { ...request.header, collapseKey }, caller });
      answer.then(
        (id) => events.push(id === undefined ? `${alert} again` : `${alert} done`),
        (error: unknown) =>
          events.push(`${alert} ${error instanceof Error && 'reason' in error ? error.reason : error}`),
      );
      return answer;
    },
  };
}

function requestOf(alert: string, deviceNums: readonly number[], isCurrent: () => boolean): PushRequest {
  const resolution: Resolution = {
    target: { kind: 'directed', deviceNums },
    current: () => (isCurrent() ? resolution : undefined),
  };
  return {
    header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
    content: { alert },
    lifetime: 1000,
    resolution,
  };
}

/** The alerts of a batch's pushes. */
export function alertsOf(batch: { pushes: readonly NewPush[] }): string[] {
  return batch.pushes.map((made) => made.push.content.alert);
}

/** Device 1 confirms a push. */
export function confirmation(pushId: number): Confirmation {
  return { deviceNum: 1, pushId };
}
