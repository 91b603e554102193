/** Does some work again and again, never twice at the same time. */
export interface Periodic {
  start(): void;
  /** No more of it begins; what is under way goes on until it looks at `isStopped`. */
  stop(): void;
}

/**
 * @param interval milliseconds from the end of one run to the beginning of the next
 * @param work must not reject; looks at `isStopped` where it goes on for long
 */
export function createPeriodic(interval: number, work: (isStopped: () => boolean) => Promise<void>): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => work(() => stopped).then(schedule), interval);
  }
  return {
    start: schedule,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
