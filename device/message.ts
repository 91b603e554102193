/** A push as a device gets it. docs/contract.md has the fields; there may be more than these. */
export interface MessageContent {
  /** The `requestId` that its sender was given. The same in every repetition. */
  readonly id: string;
  /** The app. */
  readonly appId: string;
  /** Empty where the push had none. */
  readonly tenantCode: string;
  /** A message for people, or a command for the program. */
  readonly pushMsgType: 'MSG' | 'CMD';
  /** It comes again until it is confirmed. */
  readonly needConfirm: boolean;
  /** Once it is confirmed here, it is cleared on the user's other devices; absent: false. */
  readonly clearOnRead?: boolean;
  /** The text. */
  readonly alert?: string;
  /** Any JSON value, as `JSON.parse` reads it: where its numbers may be longer than that can hold, parse `raw`. */
  readonly extra?: unknown;
  /** Title of the notification. */
  readonly title?: string;
  /** Address of an image. */
  readonly image?: string;
  /** Address that a click opens. */
  readonly clickTarget?: string;
  /** Only on IOS. */
  readonly sound?: string;
  /** Only on IOS. */
  readonly badge?: number;
}

/** A push that was handed over. */
export interface Message extends MessageContent {
  /** The frame as it came. */
  readonly raw: string;
  /**
   * Confirms it, if it needs that: it is not shown again and comes no more. Says of one with `clearOnRead` that the
   * user has read it. Resolves once its id is stored; while the device is offline, the service is told after the next
   * connect. Calling it again does nothing.
   */
  confirm(): Promise<void>;
}

/** Returns the message of a frame, or undefined if it is none. */
export function parseMessage(raw: string): MessageContent | undefined {
  try {
    // The fields are the service's; only what this package itself relies on is checked.
    const content = JSON.parse(raw) as MessageContent | null;
    return typeof content?.id === 'string' ? content : undefined;
  } catch {
    return undefined;
  }
}
