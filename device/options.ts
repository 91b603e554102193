import type { Backoff } from './backoff.js';
import type { HeartbeatTimes } from './heartbeat.js';
import { type AbortSignalLike, type Fetch, host, type WebSocketConstructor } from './host.js';
import { type DeviceStorage, defaultStorage } from './storage.js';
import type { Transport } from './transport.js';
import { webSocketTransport } from './websocket-transport.js';

/** Words for the platforms. */
export type Platform = 'ANDROID' | 'IOS' | 'PC' | 'WEB';

/** The token by which a vendor's service wakes the device: docs/contract.md, "Vendor tokens". */
export interface VendorToken {
  /** The vendor. */
  readonly channel: 'APNS' | 'FCM' | 'WEB_PUSH' | 'HMS' | 'MIPUSH' | 'OPPO' | 'VIVO' | 'WEBHOOK';
  /** The vendor's token; not beside `subscription`. */
  readonly token?: string;
  /** Of `APNS`. */
  readonly environment?: 'PRODUCTION' | 'SANDBOX';
  /** The bundle id or package, where the app has several. */
  readonly bundle?: string;
  /** Of `WEB_PUSH`, beside `token`. */
  readonly keys?: { readonly p256dh: string; readonly auth: string };
  /** Of `WEB_PUSH`: the browser's `PushSubscription`. */
  readonly subscription?: unknown;
}

/** The part of a registration that may change. */
export interface RegistrationChanges {
  /** The user. */
  readonly alias?: string;
  /** Labels of groups; they replace the earlier ones. */
  readonly tags?: readonly string[];
  /** A phone number. */
  readonly mobile?: string;
  /** The token by which a vendor wakes the device. */
  readonly push?: VendorToken;
}

/** Options of a device. */
export interface DeviceOptions extends RegistrationChanges {
  /** Address of an edge, such as `https://push.example.com`. */
  readonly url: string;
  /** The app that the device belongs to. */
  readonly appId: string;
  /** The user. */
  readonly alias: string;
  /** The kind of device. */
  readonly platform: Platform;
  /** The text that identifies this installation, like a password. By default a random one that `storage` keeps. */
  readonly nativeToken?: string;
  /**
   * Fetches a registration token that the business system has signed for this user. Called for each registration, which
   * is rare: when something of it has changed, or the service does not know the device. So no token is kept until it
   * ends.
   */
  readonly token?: () => Promise<string>;
  /** Keeps the device id, and which messages were shown. By default `localStorage` in pages, else memory. */
  readonly storage?: DeviceStorage;
  /** Begins the names of what is stored, and of what tabs share; `onepush.<appId>.` by default. */
  readonly storagePrefix?: string;
  /**
   * Confirms messages that need it. `auto`: when all listeners have returned, and what they returned has resolved; when
   * a loop asks for the next message; but not those with `clearOnRead`, of which only the app knows that they were
   * read. `manual`: the app calls `message.confirm()`.
   */
  readonly confirm?: 'auto' | 'manual';
  /** All tabs of a browser share one connection; true by default, where the browser can do that. */
  readonly shareTabs?: boolean;
  /** Time for which a page is hidden before it lets its connection go, in milliseconds; 300,000 by default. */
  readonly pauseHiddenAfterMs?: number;
  /** Number of ids by which repetitions are known; 1,000 by default. */
  readonly remember?: number;
  /** Pauses between attempts to connect; from 1 second up to 30 by default. */
  readonly backoff?: Partial<Backoff>;
  /** Times of the heartbeat; 30 seconds, up to 240 while hidden, and 10 to answer by default. */
  readonly heartbeat?: Partial<HeartbeatTimes>;
  /** The WebSocket class, where the runtime has none. */
  readonly WebSocket?: WebSocketConstructor;
  /** The way to carry frames; by default WebSockets, and what else gets through where they do not. */
  readonly transport?: Transport;
  /** Closes the device when it is aborted. */
  readonly signal?: AbortSignalLike;
  /** Calls REST; by default the runtime's `fetch`. */
  readonly fetch?: Fetch;
}

/** Options with all their defaults. */
export type ResolvedOptions = Readonly<
  Required<
    Pick<
      DeviceOptions,
      'url' | 'storage' | 'storagePrefix' | 'confirm' | 'shareTabs' | 'pauseHiddenAfterMs' | 'remember' | 'transport'
    >
  > & {
    backoff: Backoff;
    heartbeat: HeartbeatTimes;
    fetch: Fetch;
  }
>;

/** Returns options with all their defaults. Throws a TypeError for what cannot work. */
export function resolveOptions(options: DeviceOptions): ResolvedOptions {
  if (!/^https?:\/\/[^/?#]/.test(options.url)) throw new TypeError('url must begin with http');
  const fetch = options.fetch ?? host.fetch;
  if (fetch === undefined) throw new TypeError('No fetch here: give the option fetch');
  return {
    url: options.url.replace(/\/+$/, ''),
    storage: options.storage ?? defaultStorage(),
    storagePrefix: options.storagePrefix ?? `onepush.${options.appId}.`,
    confirm: options.confirm ?? 'auto',
    shareTabs: options.shareTabs ?? (host.document !== undefined || host.WorkerGlobalScope !== undefined),
    pauseHiddenAfterMs: options.pauseHiddenAfterMs ?? 300_000,
    remember: options.remember ?? 1_000,
    transport: options.transport ?? webSocketTransport(options.WebSocket),
    backoff: { firstMs: 1_000, mostMs: 30_000, ...options.backoff },
    heartbeat: { everyMs: 30_000, mostMs: 240_000, answerWithinMs: 10_000, ...options.heartbeat },
    // The method of a browser must not be called as one of another object.
    fetch: (url, init) => fetch(url, init),
  };
}
