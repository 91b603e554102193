import type { AnyChannelKind } from '../../../core/channel/kinds.js';
import type { WakeTarget } from '../../../core/domain/wake.js';
import type { VendorAnswer, VendorRequest, VendorServer } from './server.js';

/** A message as a fake vendor took it, in words that all vendors share. Undefined: it was not in the payload. */
export interface SentMessage {
  readonly token: string;
  /** ONE-PUSH's id, as the app finds it. */
  readonly id: unknown;
  /** The key by which a newer notification replaces this one. */
  readonly key?: unknown;
  readonly title?: unknown;
  readonly body?: unknown;
  readonly badge?: unknown;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly kind: 'ALERT' | 'BACKGROUND';
}

/** A vendor that runs, and what is needed to send to it. */
export interface RunningVendor {
  readonly server: VendorServer;
  /** Settings of the channel, as an operator gives them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Messages that the vendor took, in order. Those that it refuses are not among them. */
  readonly sent: SentMessage[];
  /** A device that the vendor knows, where its address is known only now; otherwise that of the fixture. */
  readonly target?: WakeTarget;
  /** Of vendors whose messages are encrypted: the text of the last one. */
  lastText?(): string;
  /** Of vendors that give out access tokens of their own. */
  readonly accessTokens?: {
    /** Number of those that were given out. */
    readonly given: number;
    /** Ends all of them. */
    expire(): void;
  };
}

/** A row of `test/contract/channel.test.ts`: a channel and its fake vendor. */
export interface ChannelFixture {
  readonly name: string;
  readonly kind: AnyChannelKind;
  /** A device that the vendor knows; undefined: the running vendor has one. */
  readonly target?: WakeTarget;
  /** Starts the vendor, which checks what the real one checks. */
  start(): Promise<RunningVendor>;
  /** Settings with which the vendor refuses the credential, instead of its own; undefined: no single answer says so. */
  readonly wrongCredential?: Readonly<Record<string, unknown>>;
  /** Values of the settings that must not be shown. */
  readonly secrets: readonly string[];
  /** An override with one of the vendor's own fields, and what the request has of it then. */
  readonly override: { readonly json: Readonly<Record<string, unknown>>; readonly shows: string };
  /** A try to take the id away by an override. */
  readonly removesId: Readonly<Record<string, unknown>>;
  /** The vendor's answer to a token that is dead; undefined: it never says so. */
  readonly dead?: VendorAnswer;
  /** The vendor's answer to too many messages, with `Retry-After: 7`; undefined: a 429 without a body. */
  readonly throttled?: VendorAnswer;
  /** The vendor shows a number on the app's icon. */
  readonly hasBadges: boolean;
  /** The vendor can start the app without showing anything; `as_alert`: it shows such a message like another. */
  readonly hasBackground: boolean | 'as_alert';
  /** A message carries its id; undefined: true. */
  readonly hasId?: boolean;
  /** A message carries its key; undefined: true. */
  readonly hasKey?: boolean;
  /** A gateway that does not know what became of a message makes it unknown, and not repeated; undefined: false. */
  readonly isOnce?: boolean;
  /** Whom a failure makes wait; undefined: the whole channel. */
  readonly retryScope?: 'token';
  /** The vendor takes texts up to a limit; undefined: true. */
  readonly hasLimit?: boolean;
  /** A status of 2xx says all; undefined: the body has to. */
  readonly isStatusEnough?: boolean;
  /** It goes over HTTP/2, where no answer can come twice. */
  readonly isHttp2?: boolean;
  readonly probe: 'ok' | 'unsupported';
}

/** Returns a device that the vendor knows. */
export function targetOf(fixture: ChannelFixture, vendor: RunningVendor): WakeTarget {
  const target = vendor.target ?? fixture.target;
  if (target === undefined) throw new Error('the vendor knows no device');
  return target;
}

/** Reads a JSON object; undefined: the body is none. */
export function readJson({ body }: Pick<VendorRequest, 'body'>): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a field that is an object; an empty one if it is none. */
export function objectAt(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const field = isObject(value) ? value[name] : undefined;
  return isObject(field) ? field : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns true for a text of 1 to `max` UTF-16 units that is not blank and has no half of a character. */
export function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= max && value.isWellFormed();
}

/** Returns true for a whole number within bounds. */
export function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
