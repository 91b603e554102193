import { type Fetch, host } from './host.js';
import type { MessageContent } from './message.js';
import { call } from './rest.js';

/** A message that the device was sent. */
export interface HistoryMessage extends MessageContent {
  /** Time at which it was pushed, as ISO 8601 has it. */
  readonly time: string;
}

/** A device, and bounds of what is asked for. */
export interface HistoryOptions {
  /** Address of an edge. */
  readonly url: string;
  /** The device id. */
  readonly deviceId: string;
  /** Age that messages have at the most; 24 by default, at most 72. */
  readonly hours?: number;
  /** Number of messages, 100 by default. */
  readonly limit?: number;
  /** By default that of the runtime. */
  readonly fetch?: Fetch;
}

const PAGE = 100;

/**
 * Asks the service what a device was sent in the last hours, newest first: for apps that have lost their storage.
 * Changes nothing. Rejects with a RegistrationError.
 *
 * @example
 * const sent = await readHistory({ url: 'https://push.example.com', deviceId: device.id, hours: 48 });
 */
export async function readHistory(options: HistoryOptions): Promise<HistoryMessage[]> {
  const { url, deviceId: authorization, hours = 24, limit = PAGE } = options;
  const fetch = options.fetch ?? host.fetch;
  if (fetch === undefined) throw new TypeError('No fetch here: give the option fetch');
  const found: HistoryMessage[] = [];
  for (let before = ''; found.length < limit; ) {
    const query = `hours=${hours}&limit=${Math.min(limit - found.length, PAGE)}${before && `&before=${before}`}`;
    const page = await call(fetch, `${url}/msgpush/history?${query}`, undefined, { authorization });
    // The messages are the service's.
    found.push(...((page.messages ?? []) as HistoryMessage[]));
    if (typeof page.before !== 'string') break;
    before = page.before;
  }
  return found;
}
