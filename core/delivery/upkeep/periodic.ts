/** Some work that is done again and again, never twice at the same time. */
export interface Periodic {
  /** Begins the first run after an interval. */
  start(): void;
  /** Lets no more of it begin. Resolves when the run that is under way has ended. */
  stop(): Promise<void>;
}

/**
 * @param intervalMs milliseconds from the end of one run to the beginning of the next
 * @param work must not reject; looks at `isStopped` where it goes on for long
 */
export function createPeriodic(intervalMs: number, work: (isStopped: () => boolean) => Promise<void>): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const isStopped = (): boolean => stopped;
  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = work(isStopped).then(schedule);
    }, intervalMs);
  }
  return {
    start: schedule,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
