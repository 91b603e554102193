/** A counter or a gauge, with its labels. */
export interface MetricSample {
  /** The name of the metric. */
  readonly name: string;
  /** Names and values of its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** The value for these labels. */
  readonly value: number;
}

/** Facts about this core and what it works with. */
export interface ServerFacts {
  /** Start of the core, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The number of the core. */
  readonly coreId: number;
  /** Counts the incarnations of the core. */
  readonly epoch: number;
  /** The kind of the database, and the version that it says it has. */
  readonly store: { readonly kind: 'sqlite' | 'mysql'; readonly version: string };
  /** Edges that are attached. */
  readonly edges: readonly { readonly id: string; readonly sessions: number }[];
  /** Metrics of the core. */
  readonly samples: readonly MetricSample[];
}

/** Tells what runs here. */
export interface ServerStatus {
  /** The version of this server. */
  readonly version: string;
  /** Names of what it can do beyond what every one does. */
  readonly features: readonly string[];
  /** Asks all that there is to know. */
  read(): Promise<ServerFacts>;
}
