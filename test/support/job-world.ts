import { vi } from 'vitest';
import type { Logger } from '../../common/logs/log.js';
import { createJobRunner, type JobRunner } from '../../core/delivery/push/job-runner.js';
import type { PushRequest } from '../../core/delivery/writer/push-queue.js';
import type { WriteCycle } from '../../core/delivery/writer/write-cycle.js';
import type { OpenJob } from '../../core/domain/job.js';
import { createRegistry } from '../../core/registry/registry.js';
import type { JobFailure, StoreReader } from '../../core/store/store.js';
import { unlimited } from './limits.js';

/** When tests begin. */
export const NOW = 1_800_000_000_000;
/** Milliseconds until the runner looks by itself. */
export const LOOK_INTERVAL = 5000;

/** A job for devices 1 to `devices`, as the store has it. */
interface Kept {
  dueAt: number;
  devices: number;
  after: number;
  done: boolean;
}

/** A store that has jobs, and a write cycle that commits their parts. */
export function createWorld() {
  const kept = new Map<number, Kept>();
  const log = { warn: vi.fn(), error: vi.fn() };
  const open = (): [number, Kept][] => [...kept].filter(([, job]) => !job.done);
  const findDueJobs = vi.fn<StoreReader['findDueJobs']>(async (now) => {
    const next = Math.min(...open().flatMap(([, { dueAt }]) => (dueAt > now ? [dueAt] : [])));
    return {
      ids: open().flatMap(([id, { dueAt }]) => (dueAt <= now ? [id] : [])),
      next: Number.isFinite(next) ? next : undefined,
    };
  });
  async function findOpenJob(id: number): Promise<OpenJob | undefined> {
    const job = kept.get(id);
    if (job === undefined || job.done) return undefined;
    return {
      id,
      appNum: 1,
      expiresAt: NOW + 60_000,
      after: job.after,
      header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
      content: { alert: String(id) },
      reach: { kind: 'tree', audience: { kind: 'everyone' }, platform: 'ALL' },
    };
  }
  // The audience of a job is that of the only one, or all have as many devices.
  const findAudience = vi.fn<StoreReader['findAudience']>(async (_query, after, limit) => {
    const devices = Math.max(...[...kept.values()].map((job) => job.devices));
    const length = Math.max(0, Math.min(limit, devices - after));
    const deviceNums = Array.from({ length }, (_, index) => after + 1 + index);
    return { deviceNums, through: after + length < devices ? after + length : undefined };
  });
  const fail = vi.fn<(failure: JobFailure) => void>(({ id }) => {
    const job = kept.get(id);
    if (job !== undefined) job.done = true;
  });
  /** Commits a part, as the store does: only the next one. */
  function commit({ job }: PushRequest): number {
    const found = job && kept.get(job.id);
    if (job === undefined || found === undefined || found.done || found.after !== job.from) throw new Error('not next');
    found.after = job.after;
    found.done = job.done;
    return 1;
  }
  const push = vi.fn<(request: PushRequest) => Promise<number | undefined>>(async (request) => commit(request));
  const runner: JobRunner = createJobRunner({
    registry: createRegistry({} as StoreReader),
    quota: unlimited(),
    store: { findDueJobs, findOpenJob, findAudience },
    // Of the changes there are, a runner makes one.
    cycle: {
      push,
      execute: async (_kind: unknown, failure: JobFailure) => fail(failure),
      commands: {},
    } as unknown as WriteCycle,
    log: log as unknown as Logger,
  });
  return {
    runner,
    findDueJobs,
    findAudience,
    fail,
    push,
    commit,
    log,
    add: (id: number, devices: number, dueAt = NOW) => kept.set(id, { dueAt, devices, after: 0, done: false }),
    isDone: (id: number) => kept.get(id)?.done,
    /** Of each push: the job, after which device it began, how many devices it had. */
    made: () =>
      push.mock.calls.map(
        ([
          {
            job,
            resolution: { target },
          },
        ]) => [job?.id, job?.from, target.kind === 'directed' ? target.deviceNums.length : 'topics'],
      ),
  };
}
