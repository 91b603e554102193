import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createWaiters } from './waiters.js';

/** A line to wait for: a part of it, or a test of the whole. */
export type LineMatch = string | ((line: string) => boolean);

/** The last lines of a process's output, the oldest first. */
export interface LogLines {
  /** A copy of the lines kept. */
  all(): string[];
  /** The first line, kept or to come, that matches; rejects after `timeoutMs` and once `end` was called. */
  waitFor(match: LineMatch, timeoutMs: number): Promise<string>;
  /** No more lines come: every waiter rejects with this reason. */
  end(reason: string): void;
}

/** Collects the lines of these streams in the order in which they arrive and keeps the last `limit`. */
export function collectLines(streams: Readable[], limit = 5_000): LogLines {
  const lines: string[] = [];
  const waiters = createWaiters(() => `the last lines:\n${lines.slice(-30).join('\n')}`);

  function take(line: string): void {
    lines.push(line);
    if (lines.length > limit) lines.shift();
    waiters.check();
  }
  for (const input of streams) createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take);

  return {
    all: () => [...lines],
    waitFor(match, timeoutMs) {
      const matches = typeof match === 'string' ? (line: string) => line.includes(match) : match;
      return waiters.waitFor(() => lines.find(matches), timeoutMs);
    },
    end: waiters.end,
  };
}
