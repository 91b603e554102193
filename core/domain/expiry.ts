/** Longest time that a message waits which must be confirmed, in seconds. */
export const MAX_CONFIRM_SECONDS = 259_200;

/**
 * Returns how long a push waits for its devices, in milliseconds: `ttl` seconds if the caller says so. Otherwise,
 * without `needConfirm`, `offlineTtl` seconds; with it, `duration` seconds, where absent, negative or more than 259200
 * means 259200.
 */
export function lifetimeOf(
  push: { needConfirm: boolean; duration?: number | undefined; ttl?: number | undefined },
  offlineTtl: number,
): number {
  if (push.ttl !== undefined) return push.ttl * 1000;
  if (!push.needConfirm) return offlineTtl * 1000;
  const { duration } = push;
  const documented = duration !== undefined && duration >= 0 && duration <= MAX_CONFIRM_SECONDS;
  return Math.floor((documented ? duration : MAX_CONFIRM_SECONDS) * 1000);
}
