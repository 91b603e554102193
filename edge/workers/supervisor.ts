import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../common/logs/log.js';
import type { FromWorker, ReportRequest, WorkerReport } from './messages.js';

/** One worker's place: a process, and another one when it dies. */
export interface Supervisor {
  /**
   * Starts the first process.
   *
   * @throws WorkerFailure if it ends before it serves
   */
  start(): Promise<void>;
  /** Returns true while its process listens. */
  isReady(): boolean;
  /** Number of processes of this place that have died. */
  restarts(): number;
  /** Asks the process for a part of its state; undefined: there is none that answers. */
  report(about: ReportRequest['about']): Promise<WorkerReport | undefined>;
  /** Has the process read again what may change. Only for processes that know SIGHUP. */
  reload(): void;
  /** Has the process drain; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A worker could not begin: its own lines say why. */
export class WorkerFailure extends Error {
  override name = 'WorkerFailure';
  /** @param exitCode 2: a setting is wrong or the port is taken */
  constructor(readonly exitCode: number | null) {
    super('a worker could not start');
  }
}

type State =
  | { kind: 'idle' }
  | { kind: 'starting'; child: ChildProcess }
  | { kind: 'ready'; child: ChildProcess; since: number }
  | { kind: 'waiting'; timer: NodeJS.Timeout }
  | { kind: 'stopping'; child: ChildProcess | undefined };

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));
const BACKOFF_MIN = 100;
const BACKOFF_MAX = 10_000;
/** A process that has served for so long, in milliseconds, did not fail because of how it was started. */
const STEADY = 60_000;
/** Time that a process may take to report, in milliseconds. */
const REPORT_TIMEOUT = 2000;

/** Returns a place whose process is not started. */
export function createSupervisor(options: {
  /** The whole environment of the process. */
  env: NodeJS.ProcessEnv;
  log: Logger;
  /** The process has died: what it counted is gone. */
  died: () => void;
}): Supervisor {
  const { env, log, died } = options;
  let state: State = { kind: 'idle' };
  let failures = 0;
  let restarts = 0;
  let lastId = 0;
  const asked = new Map<number, (report: WorkerReport | undefined) => void>();
  let gone = (): void => {};

  function spawn(started?: { resolve(): void; reject(error: WorkerFailure): void }): void {
    // In a group of its own, so that Ctrl-C reaches it through us. Structured clones keep numbers that JSON has not.
    const child = fork(PROGRAM, { env, detached: true, serialization: 'advanced' });
    state = { kind: 'starting', child };
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'report') answer(message.id, message.report);
      else if (state.kind === 'starting') {
        state = { kind: 'ready', child, since: performance.now() };
        started?.resolve();
      }
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      for (const id of [...asked.keys()]) answer(id, undefined);
      died();
      if (state.kind === 'stopping') {
        gone();
      } else if (state.kind === 'starting' && started !== undefined) {
        state = { kind: 'idle' };
        started.reject(new WorkerFailure(code));
      } else {
        restart({ code, signal, worker: child.pid });
      }
    };
    child.once('exit', ended);
    // A process that could not be made at all says no more than this; one that was made exits, too.
    child.on('error', () => {
      if (child.pid === undefined) ended(null, null);
    });
  }

  function restart(ended: Record<string, unknown>): void {
    failures = state.kind === 'ready' && performance.now() - state.since > STEADY ? 1 : failures + 1;
    restarts++;
    const delay = Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** (failures - 1));
    log.error({ ...ended, restartIn: delay }, 'a worker died');
    state = { kind: 'waiting', timer: setTimeout(() => spawn(), delay) };
  }

  function answer(id: number, report: WorkerReport | undefined): void {
    asked.get(id)?.(report);
    asked.delete(id);
  }

  return {
    start: () => new Promise((resolve, reject) => spawn({ resolve, reject })),
    isReady: () => state.kind === 'ready',
    restarts: () => restarts,
    report(about) {
      if (state.kind !== 'ready') return Promise.resolve(undefined);
      const { child } = state;
      const id = ++lastId;
      return new Promise((resolve) => {
        const limit = setTimeout(() => answer(id, undefined), REPORT_TIMEOUT);
        asked.set(id, (report) => {
          clearTimeout(limit);
          resolve(report);
        });
        child.send({ kind: 'report', id, about } satisfies ReportRequest, (error) => {
          if (error) answer(id, undefined);
        });
      });
    },
    reload() {
      // One that starts reads it anyway, and would be ended.
      if (state.kind === 'ready') state.child.kill('SIGHUP');
    },
    stop() {
      const child = 'child' in state ? state.child : undefined;
      if (state.kind === 'waiting') clearTimeout(state.timer);
      state = { kind: 'stopping', child };
      if (child === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        gone = resolve;
        child.kill('SIGTERM');
      });
    },
  };
}
