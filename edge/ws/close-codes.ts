/**
 * The close codes that the edge gives by itself; the core gives 4403, 4404, 4409, 4410 and 4411. docs/contract.md
 * lists all.
 */
export const CLOSE = {
  /** More frames than a device has to send. */
  tooFast: 1008,
  /** The server goes away: reconnect after the hint in the reason. */
  restarting: 1012,
  /** No or a malformed device id, a binary or an oversized frame. */
  malformed: 4400,
  tooMany: 4429,
} as const;
