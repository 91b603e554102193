/** What an attack may know: addresses of 127.0.0.1, and devices that are registered for it. */
export interface Target {
  /** The edge's public port. */
  readonly http: { host: string; port: number };
  /** The ops ports. */
  readonly edgeOps: { host: string; port: number };
  readonly coreOps: { host: string; port: number };
  /** The core's ports. */
  readonly grpc: { host: string; port: number };
  readonly connect: { host: string; port: number };
  readonly deviceIds: readonly string[];
}

/** What came of an attack: words and counts for the table, such as `20 sockets, 380,000 requests`. */
export type Outcome = string;

/** What a stranger does to a public port for some seconds. */
export interface Attack {
  name: string;
  /** Whether the short form has it. */
  short: boolean;
  /** Added to the environment of the edge, and of the core. */
  edgeEnv?: Record<string, string>;
  coreEnv?: Record<string, string>;
  /** The most files that the edge may have open. */
  edgeDescriptors?: number;
  /** How many devices are registered for it. */
  devices?: number;
  /** Fills the store before it. */
  prepare?(databaseUrl: string): Promise<void>;
  /**
   * Attacks, and resolves when it has let go of everything. Runs in a process of its own, bounded in count and in time.
   *
   * @param seconds how long it should last
   */
  strike(target: Target, seconds: number): Promise<Outcome>;
}
