import { type EventSource, host, type Timer } from './host.js';

/** Tells whether anybody looks at the page, and whether there is a network, where the runtime knows that. */
export interface Activity {
  /** The page is hidden; false where there is none. */
  isHidden(): boolean;
  /** Ends it. */
  stop(): void;
}

/** Returns an activity that has told how things are, and tells what changes. */
export function watchActivity(parts: {
  /** Time for which the page is hidden before that is told, in milliseconds. */
  hiddenAfterMs: number;
  /** The page has been hidden for long, or is about to be frozen; or that is over. */
  hidden: (isHidden: boolean) => void;
  /** There is no network, or there is one again. */
  offline: (isOffline: boolean) => void;
  /** The device may have slept, or have another network. */
  woke: () => void;
}): Activity {
  const { document } = host;
  const listening: [EventSource, string, () => void][] = [];
  let timer: Timer | undefined;

  function listen(source: Partial<EventSource> | undefined, type: string, listener: () => void): void {
    // React Native has a global object without these.
    if (source?.addEventListener === undefined || source.removeEventListener === undefined) return;
    // Both have just been found.
    listening.push([source as EventSource, type, listener]);
    source.addEventListener(type, listener);
  }

  const isHidden = (): boolean => document?.visibilityState === 'hidden';

  function hide(): void {
    host.clearTimeout(timer);
    parts.hidden(true);
  }

  function look(): void {
    host.clearTimeout(timer);
    if (isHidden()) {
      if (Number.isFinite(parts.hiddenAfterMs)) timer = host.setTimeout(hide, parts.hiddenAfterMs);
      return;
    }
    parts.hidden(false);
    parts.woke();
  }

  function connectivity(): void {
    const isOffline = host.navigator?.onLine === false;
    parts.offline(isOffline);
    if (!isOffline) parts.woke();
  }

  listen(document, 'visibilitychange', look);
  listen(document, 'freeze', hide);
  listen(document, 'resume', look);
  listen(host, 'pagehide', hide);
  listen(host, 'pageshow', look);
  listen(host, 'online', connectivity);
  listen(host, 'offline', connectivity);
  if (isHidden()) look();
  if (host.navigator?.onLine === false) parts.offline(true);

  return {
    isHidden,
    stop() {
      host.clearTimeout(timer);
      for (const [source, type, listener] of listening) source.removeEventListener(type, listener);
    },
  };
}
