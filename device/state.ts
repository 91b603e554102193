import type { ClosedReason } from './close-codes.js';
import type { ConnectionState } from './connection.js';

/**
 * A cause for which a device has no connection though it could have one: the page was hidden for long, there is no
 * network, more waits for the app than may, or the app has asked for it.
 */
export type PauseCause = 'hidden' | 'offline' | 'full' | 'app';

/** The state of a device. */
export type DeviceState =
  /** `connect` was not called yet. */
  | { readonly name: 'idle' }
  | ConnectionState
  /** Another tab has the connection, or is about to. */
  | { readonly name: 'following'; readonly isOpen: boolean }
  /** It has no connection, and messages wait at the service. */
  | { readonly name: 'paused'; readonly cause: PauseCause }
  /** It has ended until `connect` is called again. `code` is that of the close, if there was one. */
  | { readonly name: 'closed'; readonly reason: ClosedReason; readonly code?: number };
