/**
 * The part of the device that runs in a service worker: shows what comes by Web Push while no tab has it, opens the
 * target of a click, and confirms from the background. `handlePushes` is all of it.
 */
import { type BackgroundRecord, createBackgroundRecord } from './background-record.js';
import { type ClickTargets, chooseTarget } from './click-target.js';
import { type Fetch, host, ignore } from './host.js';
import { indexedDbStorage } from './indexed-db-storage.js';
import { type DeviceStorage, safeStorage } from './storage.js';
import type { Question } from './web-push.js';

/** Moments at which the worker confirms a message with `needConfirm`. */
export type ConfirmFromBackground = 'shown' | 'clicked' | 'never';

/** Options of `handlePushes`. */
export interface PushHandlerOptions extends ClickTargets {
  /** The storage of the device; `indexedDbStorage()` by default, which the page's device must have, too. */
  readonly storage?: DeviceStorage;
  /** That of the device; `onepush.<appId>.` by default. */
  readonly storagePrefix?: string;
  /** Title of a notification that has none; `New message` by default. */
  readonly title?: string;
  /** Picture beside the text, where the push has none: an address. */
  readonly icon?: string;
  /**
   * `shown` by default, but for messages with `clearOnRead`, of which that would say that they were read. What is
   * confirmed here does not come to a page any more: pages that need the message itself take `never`, and confirm it
   * when they have it.
   */
  readonly confirm?: ConfirmFromBackground;
}

/** A push message, as docs/channels.md has it: members of a notification, and what else a caller wrote. */
interface Payload {
  readonly id?: string;
  readonly appId?: string;
  readonly needConfirm?: boolean;
  readonly clearOnRead?: boolean;
  readonly title?: unknown;
  readonly url?: unknown;
  readonly tag?: unknown;
  readonly badge?: unknown;
}
/** The data of a notification that is shown. */
interface Shown {
  readonly id: string | undefined;
  readonly appId: string | undefined;
  /** A click confirms it, where that is wanted. */
  readonly isOwed: boolean;
  readonly url: unknown;
}

interface WorkerEvent {
  waitUntil(done: Promise<unknown>): void;
}
interface PushEvent extends WorkerEvent {
  readonly data: { text(): string } | null;
}
interface ClickEvent extends WorkerEvent {
  readonly notification: { readonly data: unknown; close(): void };
}
interface WindowClient {
  readonly url: string;
  focus(): Promise<unknown>;
}
interface WorkerScope {
  readonly location: { readonly href: string };
  readonly registration: {
    showNotification(title: string, options: object): Promise<void>;
    readonly sync?: { register(tag: string): Promise<void> };
  };
  readonly clients: {
    matchAll(options: object): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
  readonly fetch: Fetch;
  readonly navigator: { setAppBadge?(count: number): Promise<void> };
  addEventListener(type: 'push', listener: (event: PushEvent) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: ClickEvent) => void): void;
  addEventListener(type: 'sync', listener: (event: WorkerEvent & { readonly tag: string }) => void): void;
}

/** Time within which a tab answers that it has a message, in milliseconds. */
const ANSWER_WITHIN_MS = 200;
/** Begins the names of confirmations that wait for a network; the prefix of the device follows. */
const SYNC = 'onepush.confirm ';
const ALL_WINDOWS = { type: 'window', includeUncontrolled: true };

/**
 * Handles the pushes of a service worker. Call it once, in the worker's first turn.
 *
 * @example
 * import { handlePushes } from '@one-push/device/service-worker';
 * handlePushes({ openable: ['https://shop.example.com'] });
 */
export function handlePushes(options: PushHandlerOptions = {}): void {
  const { storage = indexedDbStorage(), title: defaultTitle = 'New message', icon, confirm = 'shown' } = options;
  // Safe: a service worker has all of these; what only some browsers have is looked for.
  const scope = globalThis as unknown as WorkerScope;
  const { registration } = scope;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs a step after those before it, for each reads and writes what is stored. */
  function inTurn(event: WorkerEvent, step: () => Promise<unknown>): void {
    last = last.then(step, step);
    event.waitUntil(last);
  }

  /** The beginning of the names under which the device of an app stores and shares. */
  const prefixOf = (appId: string | undefined): string => options.storagePrefix ?? `onepush.${appId}.`;

  function recordOf(prefix: string): BackgroundRecord {
    // Better shown twice than not at all: what cannot be read counts as absent.
    return createBackgroundRecord(safeStorage(storage, prefix, ignore), (url, init) => scope.fetch(url, init));
  }

  async function show(payload: Payload): Promise<void> {
    const { id, appId, needConfirm = false, clearOnRead = false, title, url, badge, ...rest } = payload;
    const prefix = prefixOf(appId);
    const record = recordOf(prefix);
    const isHad = id !== undefined && ((await record.wasHad(id)) || (await isInTab(prefix, id)));
    if (!isHad) {
      const line = typeof title === 'string' && title !== '' ? title : defaultTitle;
      const data: Shown = { id, appId, isOwed: needConfirm || clearOnRead, url };
      await registration
        .showNotification(line, { ...(icon !== undefined && { icon }), ...rest, data })
        // An override may have said what browsers refuse.
        .catch(() => registration.showNotification(line, { tag: rest.tag, data }));
      if (id !== undefined) await record.shown(id);
      if (typeof badge === 'number') await scope.navigator.setAppBadge?.(badge).catch(ignore);
    }
    // One that a tab has, or the page was done with, is the page's to confirm; one that counts as read is the user's.
    const isDone = confirm === 'shown' && needConfirm && !clearOnRead && !isHad;
    if (isDone && id !== undefined) await settle(prefix, [id]);
  }

  /** Confirms messages, and what could not be confirmed before; in the background once there is a network. */
  async function settle(prefix: string, ids: readonly string[]): Promise<void> {
    if (await recordOf(prefix).confirm(ids)) return;
    await registration.sync?.register(SYNC + prefix).catch(ignore);
  }

  /** Resolves to true if a tab that is open has had the message. */
  async function isInTab(prefix: string, id: string): Promise<boolean> {
    const { BroadcastChannel } = host;
    const windows = await scope.clients.matchAll(ALL_WINDOWS);
    if (windows.length === 0 || BroadcastChannel === undefined) return false;
    const channel = new BroadcastChannel(`${prefix}device`);
    try {
      return await new Promise((resolve) => {
        // Others of this origin that use the name are of this package.
        channel.onmessage = ({ data }) => {
          const answer = data as Question;
          if (answer.note === 'had' && answer.id === id) resolve(true);
        };
        host.setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
        const question: Question = { note: 'ask', id };
        channel.postMessage(question);
      });
    } finally {
      channel.close();
    }
  }

  async function open(url: unknown): Promise<void> {
    const target = chooseTarget(url, scope.location.href, options);
    const windows = await scope.clients.matchAll(ALL_WINDOWS);
    const found = windows.find((window) => target.isHome || window.url === target.url);
    await (found === undefined ? scope.clients.openWindow(target.url) : found.focus());
  }

  scope.addEventListener('push', (event) => inTurn(event, () => show(readPayload(event.data))));
  scope.addEventListener('notificationclick', (event) => {
    const { notification } = event;
    notification.close();
    // What `show` has put there, or nothing.
    const { id, appId, isOwed, url }: Shown = Object(notification.data);
    // Not in turn: browsers open windows only right after the click.
    event.waitUntil(open(url));
    if (confirm === 'clicked' && isOwed && id !== undefined) inTurn(event, () => settle(prefixOf(appId), [id]));
  });
  scope.addEventListener('sync', (event) => {
    if (event.tag.startsWith(SYNC)) inTurn(event, () => settle(event.tag.slice(SYNC.length), []));
  });
}

/** Returns what cannot be read as an empty message: something must be shown. A member that is null is none. */
function readPayload(data: PushEvent['data']): Payload {
  try {
    return Object(JSON.parse(data?.text() ?? '', (_, value) => value ?? undefined));
  } catch {
    return {};
  }
}
