/** A business system that may push. */
export interface App {
  /** The store's own number. */
  num: number;
  id: string;
  name: string;
  /** SHA-256 of each key that it may use now, see `hashSecret`. */
  keyHashes: readonly string[];
}
