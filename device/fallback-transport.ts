import { host, type Timer } from './host.js';
import { CUT } from './http-session.js';
import type { Transport } from './transport.js';

/** Attempts in a row that did not open before the next transport is tried. */
const ATTEMPTS = 2;
/** Time after which the first transport is tried again, and up to which that doubles, in milliseconds. */
const RETURN = { firstMs: 60_000, mostMs: 3_600_000 };

/**
 * Returns a transport that uses the first of these that gets through, and goes on to the next where one does not open
 * twice in a row. While it uses a later one, it tries the first again now and then: after a minute, and after twice as
 * long each time that this fails, up to an hour.
 */
export function fallbackTransport(
  transports: readonly Transport[],
  { firstMs, mostMs }: { firstMs: number; mostMs: number } = RETURN,
): Transport {
  /** The one that is used. */
  let current = 0;
  let failures = 0;
  /** The first is tried, though the current one works. */
  let isReturning = false;
  let pauseMs = firstMs;

  function failed(): void {
    if (isReturning) {
      isReturning = false;
      pauseMs = Math.min(pauseMs * 2, mostMs);
    } else if (++failures >= ATTEMPTS) {
      failures = 0;
      current = (current + 1) % transports.length;
    }
  }

  function worked(index: number): void {
    failures = 0;
    isReturning = false;
    if (index > 0) return;
    current = 0;
    pauseMs = firstMs;
  }

  return {
    open(target, events) {
      const index = isReturning ? 0 : current;
      let timer: Timer | undefined;
      let isOpen = false;
      const transport = transports[index];
      if (transport === undefined) throw new TypeError('No way to connect here');
      const link = transport.open(target, {
        ...events,
        opened() {
          isOpen = true;
          worked(index);
          if (index > 0) timer = host.setTimeout(goBack, pauseMs);
          events.opened();
        },
        closed(code, reason) {
          host.clearTimeout(timer);
          if (!isOpen && code === CUT) failed();
          events.closed(code, reason);
        },
      });

      function goBack(): void {
        isReturning = true;
        link.close();
        events.closed(1012, 'reconnect after 0 ms');
      }

      return {
        send: link.send,
        close() {
          host.clearTimeout(timer);
          link.close();
        },
        cut() {
          host.clearTimeout(timer);
          if (!isOpen) failed();
          link.cut();
        },
      };
    },
  };
}
