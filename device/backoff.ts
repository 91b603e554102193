/** Pauses between attempts. */
export interface Backoff {
  /** Greatest pause after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** Greatest pause after many, in milliseconds. */
  readonly mostMs: number;
}

/** A server that goes away may ask for pauses of up to five minutes. */
const MOST_HINTED_MS = 300_000;
/** Pause after 4403 and 4429, of which a random part is waited beyond the first minute, in milliseconds. */
const MINUTES = { least: 60_000, most: 300_000 };

/** Returns the pause before the next attempt: any part of what has doubled with each failure (full jitter). */
export function backoffMs(failures: number, { firstMs, mostMs }: Backoff): number {
  return Math.random() * Math.min(mostMs, firstMs * 2 ** failures);
}

/** Returns the pause that a server asks for in the reason of its close, or undefined. */
export function hintMs(reason: string): number | undefined {
  const hint = /reconnect after (\d+) ?ms/i.exec(reason)?.[1];
  return hint === undefined ? undefined : Math.min(Number(hint), MOST_HINTED_MS);
}

/** Returns a pause of minutes. */
export function minutesMs(): number {
  return MINUTES.least + Math.random() * (MINUTES.most - MINUTES.least);
}
