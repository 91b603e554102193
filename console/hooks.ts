import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from './format.js';

/** An answer that is there, or is waited for, or did not come. */
export interface Answer<T> {
  /** The last answer. */
  readonly value: T | undefined;
  /** True: it was asked again, and the value is still that of before. */
  readonly isStale: boolean;
  /** The reason for which there is none, in words. */
  readonly error: string | undefined;
  /** Asks again. */
  reload(): void;
}

/**
 * Asks when the page is shown, and again when one of `deps` changes.
 *
 * @param everyMs asks again after so many milliseconds, while the page is in view
 */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  deps: readonly unknown[],
  everyMs?: number,
): Answer<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<string>();
  const [isStale, setStale] = useState(false);
  const [turn, setTurn] = useState(0);
  const asked = useRef(deps);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** The value on the page is the answer to another question. */
    let isOther = deps.some((each, at) => each !== asked.current[at]);
    asked.current = deps;
    const look = async (): Promise<void> => {
      try {
        const found = await ask(signal);
        if (signal.aborted) return;
        setValue(found);
        setError(undefined);
      } catch (cause) {
        if (signal.aborted) return;
        setError(messageOf(cause));
        if (isOther) setValue(undefined);
      }
      isOther = false;
      setStale(false);
    };
    const run = async (): Promise<void> => {
      if (!document.hidden || everyMs === undefined) await look();
      if (everyMs !== undefined && !signal.aborted) timer = setTimeout(run, everyMs);
    };
    setStale(true);
    run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [...deps, turn]);
  return { value, isStale, error, reload: useCallback(() => setTurn((count) => count + 1), []) };
}

/** Something that a button does: it runs once at a time, and says what went wrong. */
export function useAction(): {
  readonly isBusy: boolean;
  readonly error: string | undefined;
  run(work: () => Promise<unknown>): Promise<void>;
} {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const isRunning = useRef(false);
  return {
    isBusy,
    error,
    async run(work) {
      if (isRunning.current) return;
      isRunning.current = true;
      setBusy(true);
      setError(undefined);
      try {
        await work();
      } catch (cause) {
        setError(messageOf(cause));
      } finally {
        isRunning.current = false;
        setBusy(false);
      }
    },
  };
}
