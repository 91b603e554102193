/**
 * Carries frames between a device and an edge. Frames come in the order in which the edge sent them. After `closed`
 * nothing is told any more.
 */
export interface Transport {
  /** Begins to connect; what becomes of it is told. Never throws. */
  open(target: TransportTarget, events: TransportEvents): TransportLink;
}

/** A place to connect to. */
export interface TransportTarget {
  /** The edge's address, `http:` or `https:`, without a slash at the end. */
  readonly url: string;
  /** The device id: a secret. */
  readonly deviceId: string;
}

/** Events of a connection. */
export interface TransportEvents {
  /** It is open. */
  opened(): void;
  /** A text frame has come. */
  frame(text: string): void;
  /** The server has shown that it is there, by something that is no frame. */
  alive(): void;
  /** It has ended, or could not be made; at most once, and not after `close` or `cut`. */
  closed(code: number, reason: string): void;
}

/** A connection. */
export interface TransportLink {
  /** Sends a text frame; while it is not open, that is lost. */
  send(text: string): void;
  /** Closes in order. Frames that were on their way may still be told. */
  close(): void;
  /** Gives up a connection that does not answer. */
  cut(): void;
}
