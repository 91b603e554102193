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

/** Use that a key is for: to send, to read reports, or for everything of its app. */
export type Scope = 'send' | 'read' | 'manage';

/** A key that an app may use. */
export interface AppKey {
  /** Its public id. */
  id: string;
  /** Use that it is for. */
  scope: Scope;
  /** Its SHA-256, see `hashSecret`. */
  hash: string;
  /** From when on it does not work any more, in milliseconds since the epoch; null: it works until it is replaced. */
  expiresAt: number | null;
}
