import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from './format.js';

/** An answer that is there, or is waited for, or did not come. */
export interface Answer<T> {
  /** The last answer. */
  readonly value: T | undefined;
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
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      try {
        if (!document.hidden || everyMs === undefined) setValue(await ask(controller.signal));
        setError(undefined);
      } catch (cause) {
        if (!controller.signal.aborted) setError(messageOf(cause));
      }
      if (everyMs !== undefined && !controller.signal.aborted) timer = setTimeout(run, everyMs);
    };
    run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [...deps, turn]);
  return { value, error, reload: useCallback(() => setTurn((count) => count + 1), []) };
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

/** The parts of the address behind `#/`, decoded. */
export function useRoute(): readonly string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    window.addEventListener('hashchange', changed);
    // It may have changed since it was rendered.
    changed();
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return hash
    .replace(/^#\/?/, '')
    .split('/')
    .map(decode)
    .filter((part) => part !== '');
}

/** The address of a page. */
export function to(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
