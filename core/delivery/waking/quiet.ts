import { endOfQuiet } from '../../domain/quiet-hours.js';
import type { DueWake, StoreReader } from '../../store/store.js';
import type { DispatcherOptions } from './dispatcher.js';

/**
 * Returns what finds the ends of the quiet hours that wakes are in. Those that nobody sees, of pushes to be acted on,
 * and those that are to break through do not wait.
 */
export function createQuietUntil(
  store: Pick<StoreReader, 'findQuietHours' | 'findPushes'>,
): DispatcherOptions['quietUntil'] {
  /** Returns those of these pushes that are to break through. */
  async function urgentOf(wakes: readonly DueWake[]): Promise<ReadonlySet<number>> {
    if (wakes.length === 0) return new Set();
    const pushes = await store.findPushes([...new Set(wakes.map(({ pushId }) => pushId))]);
    const urgent = pushes.filter(({ content: { interruption } }) => interruption && BREAKING.has(interruption));
    return new Set(urgent.map(({ id }) => id));
  }

  return async (wakes, now) => {
    const hours = await store.findQuietHours(
      wakes.map(({ appNum, device }) => ({ appNum, alias: device.alias, deviceId: device.id })),
    );
    const ends = hours.map((quiet, index) =>
      quiet === undefined || wakes[index]?.push?.msgType !== 'MSG' ? undefined : endOfQuiet(quiet, now),
    );
    const urgent = await urgentOf(wakes.filter((_, index) => ends[index] !== undefined));
    return ends.map((end, index) => (urgent.has(wakes[index]?.pushId ?? 0) ? undefined : end));
  };
}

const BREAKING: ReadonlySet<string> = new Set(['TIME_SENSITIVE', 'CRITICAL']);
