/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A sleep that others may end. */
export interface Alarm {
  /** Resolves after so many milliseconds, or when it is rung. Not to be called again before it has resolved. */
  sleep(ms: number): Promise<void>;
  /** Ends the sleep that is under way, if there is one. */
  ring(): void;
}

/** Returns an alarm that nobody sleeps by. */
export function createAlarm(): Alarm {
  let end = (): void => {};
  return {
    sleep: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    ring: () => end(),
  };
}
