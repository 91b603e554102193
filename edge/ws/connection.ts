/**
 * The connection of one device, as the hub uses it: a WebSocket of uWebSockets, which has all of this as it is, or an
 * event stream over HTTP that behaves like one.
 */
export interface DeviceConnection {
  /** Writes a message. Returns 1 if it is taken, 0 if it is buffered, 2 if it is dropped; see SocketWriter. */
  send(frame: Uint8Array, isBinary: boolean): number;
  /** Asks the device to say what it has received. Returns 2 if the question is dropped. */
  ping(payload: ArrayBuffer): number;
  /** Returns the number of bytes that wait to be written. */
  getBufferedAmount(): number;
  /** Writes as one what `write` writes. */
  cork(write: () => void): unknown;
  /** Closes it, and tells the device why; its end is reported before this returns. */
  end(code: number, reason: string): void;
  /** Closes it without a word. */
  close(): void;
  /**
   * The device has told somebody that it has received all up to a cursor; those of other connections mean nothing.
   * Absent: it answers pings.
   */
  acknowledge?(cursor: string): void;
  /** Tells the device that a push was read on another one of its user. Absent: a control frame does. */
  clear?(pushId: number): void;
  /** The device goes on in another session, after a cursor that may be of this one, which is about to be closed. */
  continued?(cursor: string): void;
}

/** Ways to carry messages to a device. */
export type TransportName = 'websocket' | 'events' | 'poll';
