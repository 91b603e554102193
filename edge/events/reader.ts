import type { AnswerStream } from '../http/answer-stream.js';
import type { Exchange } from '../http/exchange.js';
import { type Cursor, formatClosed, formatCursor } from './cursor.js';

/** A request of a client that takes messages: each session has one at a time, or none for a while. */
export interface EventReader {
  /** The kind of the request. */
  readonly transport: 'events' | 'poll';
  /** Gives it messages, of which the first has this number. Returns false if it takes no more. */
  deliver(frames: readonly string[], first: number): boolean;
  /** Has the client acknowledge what it has received up to here. */
  ask(number: number): void;
  /**
   * Tells that pushes were read on another device of the user. Returns false if it takes no more.
   *
   * @param number of the last message that it was given
   */
  clear(pushIds: readonly number[], number: number): boolean;
  /** Shows that the connection lives. */
  beat(): void;
  /** Ends it since the session has ended. */
  closed(code: number, reason: string): void;
  /** Ends it; the client should come back at once. */
  over(number: number): void;
  /** Cuts it off. */
  cut(): void;
}

/** Times after which an `EventSource` comes back, in milliseconds: after a stream that broke, one that was over. */
const RETRY = { least: 1000, most: 3000, over: 50 };
/** The client that stops is told so after a close for good; after these it may come back, in minutes. */
const MINUTES: readonly number[] = [4403, 4429];

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // For nginx, which would keep events until it has some KB of them.
  'X-Accel-Buffering': 'no',
};

/** Answers a HEAD. */
export function answerHead(exchange: Exchange): void {
  exchange.send('200 OK', HEADERS, ':\n\n');
}

/** Begins a stream of Server-Sent Events. @param gone told that its client has gone */
export function createStreamReader(exchange: Exchange, { token, number }: Cursor, gone: () => void): EventReader {
  const stream: AnswerStream = exchange.stream(HEADERS, gone);
  const between = (least: number, most: number): number => Math.round(least + Math.random() * (most - least));
  const start = formatCursor({ token, number });
  stream.write(`retry: ${between(RETRY.least, RETRY.most)}\nid: ${start}\n\n`);

  return {
    transport: 'events',
    deliver(frames, first) {
      const events = frames.map((frame, index) => toEvent(formatCursor({ token, number: first + index }), frame));
      stream.write(events.join(''));
      return true;
    },
    ask: (number) => stream.write(`event: ping\ndata: ${formatCursor({ token, number })}\n\n`),
    clear(pushIds) {
      stream.write(pushIds.map((pushId) => `event: clear\ndata: ${pushId}\n\n`).join(''));
      return true;
    },
    beat: () => stream.write(':\n\n'),
    closed(code, reason) {
      const retry = retryOf(code, reason);
      const end = retry === undefined ? `id: ${formatClosed(code)}\n` : `retry: ${retry}\n`;
      stream.write(`${end}event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`);
      stream.end();
    },
    over() {
      stream.write(`retry: ${RETRY.over}\n\n`);
      stream.end();
    },
    cut: stream.cut,
  };

  /** Milliseconds after which the client should come back; undefined: it should not. */
  function retryOf(code: number, reason: string): number | undefined {
    if (MINUTES.includes(code)) return between(60_000, 300_000);
    if (code >= 4400 && code < 4500) return undefined;
    return Number(/(\d+) ms/.exec(reason)?.[1] ?? between(RETRY.least, RETRY.most));
  }
}

/** An event of one message. The frame is JSON, in which line breaks are no more than white space. */
function toEvent(id: string, frame: string): string {
  return `id: ${id}\ndata: ${/[\r\n]/.test(frame) ? frame.replaceAll(/\r\n|[\r\n]/g, '\ndata: ') : frame}\n\n`;
}

/** Takes a request that waits for messages. @param gone told that its client has gone */
export function createPollReader(exchange: Exchange, { token }: Cursor, gone: () => void): EventReader {
  exchange.hold(gone);
  exchange.addHeaders({ 'Cache-Control': 'no-store' });
  const answer = (frames: readonly string[], rest: object): void => {
    exchange.sendJsonText(`{"messages":[${frames.join(',')}],${JSON.stringify(rest).slice(1)}`);
  };

  return {
    transport: 'poll',
    deliver(frames, first) {
      answer(frames, { cursor: formatCursor({ token, number: first + frames.length - 1 }) });
      return false;
    },
    // It acknowledges with the next request.
    ask: () => undefined,
    clear(pushIds, number) {
      answer([], { cleared: pushIds.map(String), cursor: formatCursor({ token, number }) });
      return false;
    },
    beat: () => undefined,
    closed: (code, reason) => answer([], { close: { code, reason } }),
    over: (number) => answer([], { cursor: formatCursor({ token, number }) }),
    cut: () => answer([], { close: { code: 1006, reason: '' } }),
  };
}
