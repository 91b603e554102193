/** Times of a webhook, in milliseconds. */
export interface WebhookTimes {
  /** Pause after the first failure; it doubles with each further one. */
  readonly firstPauseMs: number;
  /** Longest pause, whatever the back end asks for. */
  readonly longestPauseMs: number;
  /** Time without a success after which a webhook is disabled. */
  readonly giveUpMs: number;
}

/** Times as they are documented. */
export const WEBHOOK_TIMES: WebhookTimes = {
  firstPauseMs: 1000,
  longestPauseMs: 15 * 60_000,
  giveUpMs: 3 * 86_400_000,
};

/**
 * Returns the pause after so many failures without a success, in whole milliseconds, with jitter: between half of it
 * and the whole.
 *
 * @param afterMs time for which the back end asks to be left alone
 */
export function pauseMs(failures: number, afterMs: number | undefined, times: WebhookTimes): number {
  const { firstPauseMs, longestPauseMs } = times;
  const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 30));
  const jittered = Math.round(whole * (0.5 + Math.random() / 2));
  return Math.max(jittered, Math.min(afterMs ?? 0, longestPauseMs));
}
