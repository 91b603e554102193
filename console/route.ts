import { useEffect, useState } from 'preact/hooks';

/** Place at which the page is. */
export interface Route {
  /** The parts of the address behind `#/`, decoded. */
  readonly parts: readonly string[];
  /** The device that the page is about; empty: none. It never stands in the address. */
  readonly deviceId: string;
}

/** Pages of a device, by the beginning of their address. */
const DEVICE_PAGES = { timeline: 'devices/id', quiet: 'quiet/device' } as const;
/** Name of the event of the window that tells that the page has gone elsewhere without a word of the browser. */
const WENT = 'onepush-went';
const CHANGES = ['hashchange', 'popstate', WENT] as const;

/** Follows where the page is. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const changed = (): void => setRoute(readRoute());
    for (const name of CHANGES) window.addEventListener(name, changed);
    // It may have changed since it was rendered.
    changed();
    return () => {
      for (const name of CHANGES) window.removeEventListener(name, changed);
    };
  }, []);
  return route;
}

/** Returns the address of a page. */
export function to(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/**
 * Goes to a page of a device. The id is a bearer secret: it is kept with the entry of the history, over reloads too,
 * but neither in the address bar nor in the list of pages that were visited.
 */
export function goToDevice(page: keyof typeof DEVICE_PAGES, deviceId: string): void {
  history.pushState({ deviceId }, '', `#/${DEVICE_PAGES[page]}`);
  window.dispatchEvent(new Event(WENT));
}

/** Goes to the page where one begins, as if the address had named none. */
export function goToFirstPage(): void {
  history.replaceState(null, '', location.pathname);
  window.dispatchEvent(new Event(WENT));
}

/** Reads where the page is. */
export function readRoute(): Route {
  const parts = location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .map(decode)
    .filter((part) => part !== '');
  const [first = '', second = '', ...rest] = parts;
  const page = Object.values(DEVICE_PAGES).find((path) => path === `${first}/${second}`);
  if (page === undefined) return { parts, deviceId: '' };
  // An address of before, or one that was typed, may have the id in it.
  if (rest[0] !== undefined) history.replaceState({ deviceId: rest[0] }, '', `#/${page}`);
  const state: unknown = history.state;
  const isKnown = typeof state === 'object' && state !== null && 'deviceId' in state;
  return { parts: [first, second], deviceId: isKnown ? String(state.deviceId) : '' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
