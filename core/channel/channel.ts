import type { ChannelEnvironment, Channel as ChannelName } from '../domain/channel.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../domain/wake.js';

/**
 * A vendor's service, opened with one credential. One behaviour suite runs over all of them
 * (`test/contract/channel.test.ts`).
 *
 * Guarantees: `send` hands one message to the vendor at the most once, and never rejects: what goes wrong is an
 * outcome. It resolves within `SEND_TIMEOUT_MS`, whatever the vendor does. Nothing of a vendor's answer but known words
 * and numbers reaches an outcome, and no answer is read beyond `MAX_ANSWER_BYTES`. There is no pacing here: whoever
 * calls bounds the number under way, obeys `retry` and stops at `channel_down`.
 */
export interface Channel {
  /** Sends one message to one device. The text is cut at a character to what the vendor takes. */
  send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome>;
  /** Finds out whether the vendor takes the credential, without reaching any device. */
  probe(): Promise<ProbeResult>;
  /** Ends its connections; what is under way ends as `unknown`. */
  close(): Promise<void>;
}

/** The vendor's answer to a probe. `reason` as in `WakeOutcome`. */
export type ProbeResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The vendor has no way to find out. */
  | { readonly kind: 'unsupported' };

export { MAX_ANSWER_BYTES } from '../outbound/https-client.js';
export { SEND_TIMEOUT_MS } from '../outbound/send-timeout.js';

/** One kind of channel: how its settings are read, and how one is opened. `S`: its settings. */
export interface ChannelKind<S> {
  /** The channel's name. */
  readonly channel: ChannelName;
  /**
   * Reads settings of the JSON that an operator gave.
   *
   * @throws ChannelSettingsError with every field that is wrong
   */
  parseSettings(json: unknown): S;
  /** Returns what may be shown of settings: ids and names, never a key. */
  describe(settings: S): Readonly<Record<string, string>>;
  /** Returns which tokens it is for; undefined members: any. */
  scope(settings: S): { readonly environment?: ChannelEnvironment | undefined; readonly bundle?: string | undefined };
  /** The vendor's limits where the settings say nothing else. */
  readonly limits: {
    /** Messages a second, on average. */
    readonly perSecond: number;
    /** Messages under way at a time. */
    readonly concurrent: number;
  };
  /** Returns the part of the service that a message goes to, where each answers for itself; absent: it is one. */
  partOf?(target: WakeTarget): string;
  /** Opens it. Connects when something is sent. */
  open(settings: S): Channel;
}

/** Settings of a channel that cannot be used. The message names each field and its rule, and never a value. */
export class ChannelSettingsError extends Error {
  override readonly name = 'ChannelSettingsError';
  /** @param problems each field with its rule */
  constructor(readonly problems: readonly { readonly field: string; readonly problem: string }[]) {
    super(problems.map(({ field, problem }) => `${field} ${problem}`).join('; '));
  }
}
