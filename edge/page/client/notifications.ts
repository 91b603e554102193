import type { VendorToken } from '../../../device/options.js';
import {
  askToNotify,
  findWebPushObstacle,
  subscribeWebPush,
  tidyNotifications,
  type WebPushObstacle,
} from '../../../device/web-push.js';
import { VAPID_KEY } from './trial.js';

/** State of the notifications: `failed`: the browser's push service could not be reached, or would not. */
export type NotificationState = 'on' | 'off' | 'failed' | 'no key' | WebPushObstacle;

/** The state of the notifications, and the option `push` of the device. */
export interface Subscribed {
  readonly state: NotificationState;
  readonly push: VendorToken | undefined;
}

/** Notifications of this page while it is closed. */
export interface Notifications {
  /** Subscribes where an earlier visit did. Asks nobody. */
  resume(): Promise<Subscribed>;
  /** Asks, on a click, and subscribes. */
  turnOn(): Promise<Subscribed>;
  /** Keeps notifications and tabs from showing the same, for the device of an app. Returns what ends it. */
  tidy(appId: string): () => void;
}

/** Returns the notifications of this page. */
export function createNotifications(): Notifications {
  let registration: ServiceWorkerRegistration | undefined;

  function stateOf(push: VendorToken | undefined): NotificationState {
    if (push !== undefined) return 'on';
    return VAPID_KEY === '' ? 'no key' : (findWebPushObstacle() ?? 'off');
  }

  async function subscribe(): Promise<Subscribed> {
    try {
      await navigator.serviceWorker.register('/sw.js');
      registration = await navigator.serviceWorker.ready;
      const push = await subscribeWebPush(registration, VAPID_KEY);
      return { state: stateOf(push), push };
    } catch {
      return { state: 'failed', push: undefined };
    }
  }

  return {
    async resume() {
      const state = stateOf(undefined);
      const isKnown = state === 'off' && (await navigator.serviceWorker.getRegistration()) !== undefined;
      return isKnown ? subscribe() : { state, push: undefined };
    },
    async turnOn() {
      const isAllowed = await askToNotify();
      return isAllowed ? subscribe() : { state: stateOf(undefined), push: undefined };
    },
    tidy: (appId) => (registration === undefined ? () => {} : tidyNotifications(registration, `onepush.${appId}.`)),
  };
}
