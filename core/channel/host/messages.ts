import type { Channel as ChannelName } from '../../domain/channel.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import type { ProbeResult } from '../channel.js';

/** The beginning of a thread. */
export interface ThreadData {
  /** URL of the module that exports `CHANNEL_KINDS`. */
  readonly kinds: string;
}

/** One order to the thread; those of one turn of the loop cross together. */
export type ToThread =
  /** Opens a channel under a number that was never used before. */
  | { readonly kind: 'open'; readonly channel: number; readonly name: ChannelName; readonly settings: unknown }
  /** Closes it; orders that are under way are answered. */
  | { readonly kind: 'close'; readonly channel: number }
  | {
      readonly kind: 'send';
      readonly id: number;
      readonly channel: number;
      readonly target: WakeTarget;
      readonly message: WakeMessage;
    }
  | { readonly kind: 'probe'; readonly id: number; readonly channel: number };

/** The answer to the order of the same id: to a `send` an outcome, to a `probe` its result. */
export interface FromThread {
  /** Id of the order. */
  readonly id: number;
  /** The answer. */
  readonly result: WakeOutcome | ProbeResult;
}
