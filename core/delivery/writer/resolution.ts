/**
 * The devices or topics that a push goes to: whoever was in the audience when it was resolved. A registration between
 * that and the commit counts as later than the push, so it takes devices away and never sends the push back.
 */
export interface Resolution {
  /** Devices, each once, or topics. */
  readonly target:
    | { kind: 'directed'; deviceNums: readonly number[] }
    | { kind: 'topics'; topicNums: readonly number[] };
  /**
   * Returns what may be committed now: without the devices that have changed hands or unregistered since they were
   * looked up. Undefined: which ones is not known any more, or a topic is gone; resolve again. Asked once for each push
   * in its cycle.
   */
  current(): Resolution | undefined;
}
