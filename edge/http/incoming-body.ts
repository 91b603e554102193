import type { HttpResponse } from 'uWebSockets.js';
import { OnePushError } from '../../common/errors.js';

/** The body of a request while it arrives. What nobody reads is discarded. */
export interface IncomingBody {
  /**
   * The whole of it; call this before the route's handler gives up its turn. Rejects with BODY_TOO_LARGE as soon as it is over
   * the limit, and never resolves if the client goes away.
   */
  read(maxBytes: number): Promise<Buffer>;
  /** Calls back, now or later, when all of it has come, or more than anyone should wait for. */
  whenOver(callback: () => void): void;
}

/** How much is discarded before a request counts as over although it goes on. */
const MAX_DISCARDED = 16 * 1024 * 1024;

export function receiveBody(res: HttpResponse): IncomingBody {
  let take: (chunk: ArrayBuffer, isLast: boolean) => void = () => {};
  let size = 0;
  let isOver = false;
  let finish = (): void => {};

  res.onData((chunk, isLast) => {
    size += chunk.byteLength;
    take(chunk, isLast);
    if (isOver || (!isLast && size <= MAX_DISCARDED)) return;
    isOver = true;
    finish();
  });

  return {
    read: (maxBytes) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        take = (chunk, isLast) => {
          if (size > maxBytes) {
            take = () => {};
            reject(new OnePushError('BODY_TOO_LARGE', { hint: `the limit is ${maxBytes} bytes` }));
            return;
          }
          // A copy: uWebSockets takes the bytes back.
          chunks.push(Buffer.from(chunk.slice(0)));
          if (isLast) resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
        };
      }),
    whenOver(callback) {
      if (isOver) callback();
      else finish = callback;
    },
  };
}
