/**
 * Web Push of a page: subscribes its service worker, whose part is in `@one-push/device/service-worker`, and clears
 * away notifications whose messages a tab has had.
 */
import { bound, type ChannelLike, host } from './host.js';
import type { VendorToken } from './options.js';
import type { TabNote } from './tabs.js';

/**
 * A cause for which a browser cannot be subscribed:
 * - insecure: the page is neither on https nor on this machine
 * - unsupported: the browser has no Web Push. On iOS only an app on the home screen has it
 * - denied: its user has said no, which only the browser's settings change
 */
export type WebPushObstacle = 'insecure' | 'unsupported' | 'denied';

/** A `ServiceWorkerRegistration`, as far as it is used. */
export interface WorkerRegistration {
  /** Subscribes. */
  readonly pushManager: {
    /** Subscribes, or returns the subscription of this key that there is. */
    subscribe(options: { userVisibleOnly: boolean; applicationServerKey: string }): Promise<SubscriptionLike>;
    /** Returns the subscription, whatever its key. */
    getSubscription(): Promise<SubscriptionLike | null>;
  };
  /** Returns what is shown. */
  getNotifications(): Promise<readonly { readonly data: unknown; close(): void }[]>;
}

/** A `PushSubscription`, as far as it is used. */
export interface SubscriptionLike {
  /** Returns what registers. */
  toJSON(): unknown;
  /** Ends it. */
  unsubscribe(): Promise<boolean>;
}

interface BrowserWindow {
  readonly isSecureContext?: boolean;
  readonly PushManager?: unknown;
  readonly Notification?: {
    readonly permission: 'default' | 'denied' | 'granted';
    requestPermission(): Promise<string>;
  };
}
// Safe: each part is looked for before it is used.
const page = globalThis as unknown as BrowserWindow;

/** Returns why the browser cannot be subscribed; undefined: it can, though it may ask its user. */
export function findWebPushObstacle(): WebPushObstacle | undefined {
  if (page.isSecureContext === false) return 'insecure';
  const hasWorkers = host.navigator !== undefined && 'serviceWorker' in host.navigator;
  if (!hasWorkers || page.PushManager === undefined || page.Notification === undefined) return 'unsupported';
  return page.Notification.permission === 'denied' ? 'denied' : undefined;
}

/** Asks for the permission to notify. Call it on a click. Returns true if it is given. */
export async function askToNotify(): Promise<boolean> {
  return (await page.Notification?.requestPermission()) === 'granted';
}

/**
 * Subscribes, or finds the subscription that there is, and returns the option `push` of the device. Asks nobody:
 * undefined where there is no permission. Call it at each start of the page, for a browser may change a subscription.
 *
 * @param applicationServerKey the public key of the app's channel of the kind WEB_PUSH
 */
export async function subscribeWebPush(
  registration: WorkerRegistration,
  applicationServerKey: string,
): Promise<VendorToken | undefined> {
  if (page.Notification?.permission !== 'granted') return undefined;
  const { pushManager } = registration;
  const options = { userVisibleOnly: true, applicationServerKey };
  const subscription = await pushManager.subscribe(options).catch(async (error: unknown) => {
    // One of another key, which only its end frees the browser from.
    const earlier = await pushManager.getSubscription();
    if (!(await earlier?.unsubscribe())) throw error;
    return pushManager.subscribe(options);
  });
  return { channel: 'WEB_PUSH', subscription: subscription.toJSON() };
}

/** Number of ids by which a tab knows what it has had. */
const REMEMBERED = 1_000;

/**
 * Closes notifications whose messages a tab gets, or that were read on another device, and answers the service
 * worker's question for those it has had. Returns what ends it. It needs `shareTabs`, which a device has by default.
 *
 * @param storagePrefix that of the device; `onepush.<appId>.` by default
 */
export function tidyNotifications(
  registration: Pick<WorkerRegistration, 'getNotifications'>,
  storagePrefix: string,
): () => void {
  const { BroadcastChannel } = host;
  if (BroadcastChannel === undefined) return () => {};
  const had = new Set<string>();
  const channel: ChannelLike = new BroadcastChannel(`${storagePrefix}device`);

  async function close(id: string): Promise<void> {
    for (const shown of await registration.getNotifications()) if (idOf(shown.data) === id) shown.close();
  }

  channel.onmessage = ({ data }) => {
    // Others of this origin that use the name are of this package.
    const note = data as TabNote | Question;
    if (note.note === 'message') {
      const id = idOf(readJson(note.raw));
      if (id === undefined) return;
      had.add(id);
      bound(had, REMEMBERED);
      void close(id);
    } else if (note.note === 'cleared') void close(note.id);
    else if (note.note === 'ask' && had.has(note.id)) channel.postMessage({ note: 'had', id: note.id });
  };
  return () => {
    channel.onmessage = null;
    channel.close();
  };
}

/** The worker's question whether a tab has had a message, and the answer. */
export type Question = { readonly note: 'ask' | 'had'; readonly id: string };

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function idOf(data: unknown): string | undefined {
  const id = Object(data).id;
  return typeof id === 'string' ? id : undefined;
}
