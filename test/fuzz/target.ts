/** What who attacks a door may know. */
export interface Target {
  /** The edge's public port, without a slash at the end. */
  readonly httpUrl: string;
  readonly connectUrl: string;
  /** `host:port` */
  readonly grpcAddr: string;
  /** The app in whose name everything is tried. */
  readonly app: Credentials;
  /** An app whose keys are rotated, and which is disabled and enabled. */
  readonly spare: Credentials;
  readonly adminToken: string;
  readonly linkToken: string;
  /** Devices of `app`, which may be unregistered. */
  readonly deviceIds: readonly string[];
  /** A push of `app`. */
  readonly requestId: string;
}

export interface Credentials {
  readonly id: string;
  readonly key: string;
}
