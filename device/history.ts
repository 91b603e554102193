import type { MessageContent } from './message.js';
import type { ResolvedOptions } from './options.js';
import { call, RegistrationError } from './rest.js';

/** A message that the device was sent. */
export interface HistoryMessage extends MessageContent {
  /** Time at which it was pushed, as ISO 8601 has it. */
  readonly time: string;
}

/** Bounds of what is asked for. */
export interface HistoryOptions {
  /** Age that messages have at the most; 24 by default, at most 72. */
  readonly hours?: number;
  /** Number of messages, 100 by default. */
  readonly limit?: number;
}

const PAGE = 100;

/**
 * Reads what a device was sent, newest first.
 *
 * @param deviceId undefined: it is not registered
 */
export async function readHistory(
  { url, fetch }: Pick<ResolvedOptions, 'url' | 'fetch'>,
  deviceId: string | undefined,
  { hours = 24, limit = PAGE }: HistoryOptions = {},
): Promise<HistoryMessage[]> {
  if (deviceId === undefined) throw new RegistrationError('Not registered', 404);
  const found: HistoryMessage[] = [];
  for (let before = ''; found.length < limit; ) {
    const query = `hours=${hours}&limit=${Math.min(limit - found.length, PAGE)}${before && `&before=${before}`}`;
    const page = await call(fetch, `${url}/msgpush/history?${query}`, undefined, { authorization: deviceId });
    // The messages are the service's.
    found.push(...((page.messages ?? []) as HistoryMessage[]));
    if (typeof page.before !== 'string') break;
    before = page.before;
  }
  return found;
}
