import type { HttpResponse } from 'uWebSockets.js';
import { toBytes, writeHead } from './answer.js';

/** An answer that is written bit by bit. What is written before it has begun waits for that. */
export interface AnswerStream {
  /** Writes text. Its reader may be slow: who writes bounds what it has not been told to have come. */
  write(text: string): void;
  /** Ends it, once all is written. */
  end(): void;
  /** Ends its connection at once. */
  cut(): void;
}

/**
 * Nothing, for readers of event streams. uWebSockets writes on what it has buffered only with the next write, and gives
 * a connection up that has taken nothing for ten seconds.
 */
const NOTHING = ':\n\n';

/** Returns an answer that has not begun; `isGone`: its client has gone, and the response must not be touched. */
export function createAnswerStream(
  res: HttpResponse,
  isGone: () => boolean,
): AnswerStream & { begin(headers: Readonly<Record<string, string>>, isContinued: boolean): void } {
  let state: 'new' | 'begun' | 'over' = 'new';
  let waiting = '';
  let ending = false;

  const isOpen = (): boolean => state === 'begun' && !isGone();

  function finish(): void {
    state = 'over';
    // Not with the flag that closes the connection: its header would stand in the body.
    res.cork(() => res.end());
  }

  return {
    begin(headers, isContinued) {
      if (state !== 'new' || isGone()) return;
      state = 'begun';
      res.onWritable(() => !isOpen() || res.write(NOTHING));
      res.cork(() => {
        writeHead(res, { status: '200 OK', headers, isContinued });
        res.write(waiting === '' ? NOTHING : toBytes(waiting));
      });
      waiting = '';
      if (ending) finish();
    },
    write(text) {
      if (state === 'new') waiting += text;
      else if (isOpen() && text !== '') res.cork(() => res.write(toBytes(text)));
    },
    end() {
      if (state === 'new') ending = true;
      else if (isOpen()) finish();
    },
    cut() {
      if (state === 'over' || isGone()) return;
      state = 'over';
      res.close();
    },
  };
}
