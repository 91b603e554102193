import type { FrameCounts } from './socket-writer.js';

/** Counted since the start, but for what is kept now. */
export interface HubCounts {
  /** Frames by what became of them. */
  frames: FrameCounts;
  /** Messages that were sent again because they were not confirmed. */
  redelivered: number;
  /** Bytes of messages that are kept until they are confirmed. */
  unconfirmedBytes: number;
  /** Bytes that sockets were handed and devices have not acknowledged. */
  unacknowledgedBytes: number;
  /** Sessions that were closed because their devices did not answer a ping. */
  dead: number;
}
