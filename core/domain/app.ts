/** A business system that may push. */
export interface App {
  /** The store's own number. */
  num: number;
  /** The id that callers give. */
  id: string;
  /** A name for people. */
  name: string;
  /** Keys that may have expired. */
  keys: readonly AppKey[];
  /** Nothing of it is accepted. */
  disabled: boolean;
}

/** A key that an app may use. */
export interface AppKey {
  /** Its SHA-256, see `hashSecret`. */
  hash: string;
  /** From when on it does not work any more, in milliseconds since the epoch; null: it works until it is replaced. */
  expiresAt: number | null;
}
