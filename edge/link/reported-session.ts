/** A session as the core is told of it. */
export interface ReportedSession {
  /** Its name on the link. */
  readonly slot: number;
  /** The public id that it came with. */
  readonly deviceId: string;
  /** The device's number, as the core gave it; 0: no core has accepted the session yet. */
  readonly device: number;
  /** Of the device's registration that the session was accepted for. */
  readonly generation: number;
  /** Shows to any core that this edge has had a session of that registration. */
  readonly ticket: number;
  /** The last page that the core began to send. */
  readonly page: number;
  /** The push up to which the socket was handed all. */
  readonly through: number;
}
