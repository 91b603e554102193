import type { Channel as ChannelName, DeviceToken } from '../domain/channel.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../domain/wake.js';
import type { ChannelKind, ProbeResult } from './channel.js';

/** The kinds of channels that there are, by their names; a kind knows its settings, and nobody else does. */
export type ChannelKinds = ReadonlyMap<ChannelName, ChannelKind<unknown>>;

/** An outcome as it is counted. `token_held`: the vendor refuses a token, and it is as likely the credential. */
export type CountedOutcome = WakeOutcome['kind'] | 'token_held';

/** Told of each answer of a vendor, with the seconds that it took. */
export type ObserveWake = (channel: ChannelName, outcome: CountedOutcome, seconds: number) => void;

/** A credential of an app, with its settings in plain. */
export interface Credential {
  /** The store's number of it. */
  readonly num: number;
  /** The app's number. */
  readonly appNum: number;
  /** The app's own name for it. */
  readonly name: string;
  /** The vendor. */
  readonly channel: ChannelName;
  /** JSON as the operator gave it; checked before it was stored. */
  readonly settings: unknown;
  /** Another one for each change of its settings. */
  readonly version: number;
}

/**
 * The channels of all credentials, each with its protection: a token bucket, a bounded queue, a circuit breaker and the
 * gate before dead tokens. The vendors' work is done beside the core's event loop: nothing that a vendor does delays
 * it.
 *
 * While a credential has had no success since the process began, or its breaker is open, or nearly all of its last
 * answers were that, `token_dead` and `token_set_aside` are answered as `channel_down`: a wrong key or bundle must not
 * cost an app its tokens.
 */
export interface ChannelHost {
  /** Takes all credentials that there are now. Those that have not changed keep their connections and their counts. */
  configure(credentials: readonly Credential[]): void;
  /** Number of wakes that the credential takes now without making them wait for long; 0: try later. */
  room(credentialNum: number): number;
  /** Sends one wake. Never rejects; a credential that is gone, or an overflow, is a `retry`. */
  send(credentialNum: number, target: WakeTarget, message: WakeMessage): Promise<WakeOutcome>;
  /** Asks the vendor whether it takes the credential. Never rejects. */
  probe(credentialNum: number): Promise<ProbeResult>;
  /** Returns how a credential stands; undefined: there is none, or none of its kind. */
  status(credentialNum: number): ChannelStatus | undefined;
  /** Returns how all stand, for metrics. */
  counts(): ChannelCounts;
  /** Ends it; what is under way resolves as `unknown`. */
  stop(): Promise<void>;
}

/** State of a circuit breaker: nothing passes `open`, and at the most one trial at a time `half_open`. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** The state of a credential's channel since the process began, or its settings changed. */
export interface ChannelStatus {
  /** State of the circuit breaker. */
  readonly breaker: BreakerState;
  /** Reason for which the breaker has opened; undefined: it is closed. */
  readonly breakerReason: string | undefined;
  /** Messages that wait here. */
  readonly queued: number;
  /** Messages that the vendor has not answered. */
  readonly inFlight: number;
  /** Time of the last message that the vendor took, in milliseconds since the epoch; undefined: it took none. */
  readonly lastSuccessAt: number | undefined;
  /** The last answer that was neither a success nor about a payload; undefined: there was none. */
  readonly lastFailure: { readonly at: number; readonly reason: string } | undefined;
}

/** The state of all channels. */
export interface ChannelCounts {
  /** That of each credential. */
  readonly channels: readonly (Pick<ChannelStatus, 'breaker' | 'queued' | 'inFlight'> & { channel: ChannelName })[];
  /** Number of times that the thread in which vendors' work is done has died. */
  readonly restarts: number;
}

/** Finds the credentials by which devices are woken. From memory. */
export interface ChannelDirectory {
  /** Returns true if the app has any credential: otherwise nothing of it is ever woken. */
  hasAny(appNum: number): boolean;
  /** Returns true if no app has any credential. */
  isEmpty(): boolean;
  /** Returns the numbers of the apps that have one, the environment's included. */
  apps(): readonly number[];
  /** Returns the credential for a token, by channel, environment and bundle; undefined: there is none. */
  credentialFor(appNum: number, token: DeviceToken): Pick<Credential, 'num' | 'channel'> | undefined;
  /** Returns the credential for short messages; undefined: there is none. */
  smsCredential(appNum: number): Pick<Credential, 'num' | 'channel'> | undefined;
  /** Returns true if the app keeps its content from vendors. */
  hidesContent(appNum: number): boolean;
}
