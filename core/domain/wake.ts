import type { TraceHeaders } from '../../common/tracing/tracer.js';
import type { Channel, ChannelEnvironment } from './channel.js';

/** Devices that a push wakes: none, those that have not received it, or all, also those that are online. */
export type WakePolicy = 'NEVER' | 'OFFLINE' | 'ALWAYS';

/** Degree to which a notification may disturb: as `UNNotificationInterruptionLevel` of iOS. */
export type InterruptionLevel = 'PASSIVE' | 'ACTIVE' | 'TIME_SENSITIVE' | 'CRITICAL';

/** The look of a notification beside the push's `alert`, `sound` and `badge`. All may be absent. */
export interface Notification {
  /** A line above the alert. */
  title?: string | undefined;
  /** Address of a picture, https. */
  image?: string | undefined;
  /** Address or deep link that a tap opens. */
  clickTarget?: string | undefined;
  /** The Android notification channel. */
  androidChannel?: string | undefined;
  /** The iOS category: which buttons it has. */
  category?: string | undefined;
  /** Notifications of one thread stand together (iOS), or in one group (Android). */
  thread?: string | undefined;
  /** Undefined: ACTIVE. */
  interruption?: InterruptionLevel | undefined;
  /** JSON text of an object for each channel, by its name: merged over what is made for that vendor. */
  overrides?: string | undefined;
}

/** One message for one vendor's device, with all that a payload can be made of. */
export interface WakeMessage extends Omit<Notification, 'overrides'> {
  /** The message's id on the device: each payload has it, and the app drops repeats by it. */
  id: string;
  /** The app's public id. */
  appId: string;
  /** ALERT is shown by the vendor; BACKGROUND only starts the app, where the vendor can. */
  kind: 'ALERT' | 'BACKGROUND';
  /** A newer one with the same key replaces it on the device: the collapse key, or the id; up to 64 characters. */
  key: string;
  /**
   * The text; undefined where the app keeps its content from vendors: a payload says then that there is something, and
   * has nothing of title, image, click target and override.
   */
  body: string | undefined;
  /** The device is to confirm it once it is shown. Never where the content is hidden, or not for people. */
  needConfirm?: boolean | undefined;
  /** It is confirmed once its user has read it, not before. Never where the content is hidden, or not for people. */
  clearOnRead?: boolean | undefined;
  /** The name of a sound. */
  sound?: string | undefined;
  /** 0 removes the number on the app's icon, undefined leaves it. */
  badge?: number | undefined;
  /** LOW may wait for the device's next waking. */
  priority: 'LOW' | 'NORMAL' | 'HIGH';
  /** Milliseconds since the epoch, in the future. */
  expiresAt: number;
  /** Headers of the trace that it is a part of, for a receiver of the operator's own; absent: it is not traced. */
  trace?: TraceHeaders | undefined;
  /** Of the push's overrides the object for this channel, merged over what is made for the vendor. */
  override?: Readonly<Record<string, unknown>> | undefined;
}

/** The address of a wake. */
export interface WakeTarget {
  /** The vendor's token; of Web Push the endpoint; of SMS the phone number. */
  token: string;
  /** Undefined: production. */
  environment?: ChannelEnvironment | undefined;
  /** Undefined: that of the credential. */
  bundle?: string | undefined;
  /** Only for Web Push. */
  keys?: { p256dh: string; auth: string } | undefined;
}

/**
 * The vendor's answer to one wake. None of them ends a delivery: the message stays in the inbox until the device has it
 * or it expires. `reason` is the vendor's word or number for it, of at most 64 characters `A-Z a-z 0-9 _ . : -`: never
 * a text of the vendor's, which may repeat tokens. `unasked`: the vendor was not asked.
 */
export type WakeOutcome =
  /** The vendor has taken it. */
  | { readonly kind: 'accepted' }
  /**
   * Not processed; once more after this time at the earliest (undefined: by the caller's backoff). `token`: only this
   * token is over a limit; otherwise the whole credential must slow down.
   */
  | {
      readonly kind: 'retry';
      readonly afterMs?: number | undefined;
      readonly scope: 'token' | 'channel';
      readonly reason: string;
      readonly unasked?: true;
    }
  /** The token is dead, since `at` in milliseconds since the epoch where the vendor tells it. */
  | { readonly kind: 'token_dead'; readonly at?: number | undefined; readonly reason: string }
  /** The vendor refuses this token, as likely for a wrong environment or bundle: not deleted, not tried again. */
  | { readonly kind: 'token_set_aside'; readonly reason: string; readonly unasked?: true }
  /** The vendor refuses the payload: never again. */
  | { readonly kind: 'payload_bad'; readonly reason: string; readonly unasked?: true }
  /** The credential or the vendor's service is broken: nothing goes through it now. */
  | { readonly kind: 'channel_down'; readonly reason: string }
  /** It may have been processed, or not: time-outs, cut connections. At most once more, with the same key. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** The state of a wake; `due` and `sending` may go on, all others are final. */
export type WakeState =
  /** It waits for its time, or for the vendor. */
  | 'due'
  /** It was handed to the vendor, and its answer is not known. */
  | 'sending'
  /** The vendor took it. */
  | 'accepted'
  /** The vendor refused it, or the token, or could not be reached as long as the message lived. */
  | 'failed'
  /** The outcome is not known, and it was tried twice. */
  | 'unknown'
  /** It was not needed any more: the device had the message, or it was recalled, replaced or had expired. */
  | 'cancelled';

/** One attempt to wake one device for one push. The pair of push, device and channel is unique. */
export interface Wake {
  /** The push, also of a topic. */
  pushId: number;
  /** The device's number. */
  deviceNum: number;
  /** The channel it goes by. */
  channel: Channel;
}
