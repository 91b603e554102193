import type { HttpResponse } from 'uWebSockets.js';
import { OnePushError } from '../../common/errors.js';

/** The body of a request while it arrives. What nobody reads is discarded. */
export interface IncomingBody {
  /**
   * The whole of it; call this before the route's handler gives up its turn. Rejects with BODY_TOO_LARGE as soon as it
   * is over the limit or comes in crumbs, with OVERLOADED if too much is gathered for other requests, and never
   * resolves if the client goes away.
   */
  read(maxBytes: number): Promise<Buffer>;
  /** Calls back, now or later, when all of it has come, or more than anyone should wait for. */
  whenOver(callback: () => void): void;
  /** Returns true if all of it has come. */
  isWhole(): boolean;
  /** Gives back what was gathered: the client has gone away. */
  drop(): void;
}

/** Bytes that are kept of bodies whose end has not come, of all requests of a process. */
export interface BodyBudget {
  /** Returns whether there is room for so many more; then they are taken. */
  take(bytes: number): boolean;
  /** Gives back what was taken. */
  giveBack(bytes: number): void;
}

/** Number of bytes that are discarded before a request counts as over although it goes on. */
const MAX_DISCARDED = 16 * 1024 * 1024;
/**
 * So many chunks may be of any size; all that come after them must have so many bytes on average. Each costs a
 * microsecond.
 */
const FREE_CHUNKS = 1024;
const MIN_CHUNK_BYTES = 16;
/** Bytes of bodies that a process keeps while they arrive: a thousand of the usual limit at once. */
const MAX_GATHERED = 64 * 1024 * 1024;
const FIRST_BUFFER = 2048;

/** Returns a budget of which nothing is taken. */
export function createBodyBudget(maxBytes = MAX_GATHERED): BodyBudget {
  let left = maxBytes;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    giveBack(bytes) {
      left += bytes;
    },
  };
}

/**
 * @param cut told, before anything else, that what follows of the body will not be waited for: the connection should
 * end
 * @param ended told that all of the body has come, or as much as is read of it
 */
export function receiveBody(
  res: HttpResponse,
  { isChunked, budget, cut, ended }: { isChunked: boolean; budget: BodyBudget; cut: () => void; ended: () => void },
): IncomingBody {
  let take: (chunk: ArrayBuffer, isLast: boolean) => void = () => {};
  let drop = (): void => {};
  let refuse: (error: OnePushError) => void = () => {};
  let size = 0;
  let chunks = 0;
  let isOver = false;
  let isWhole = false;
  let finish = (): void => {};

  function over(): void {
    isOver = true;
    ended();
    finish();
  }

  res.onData((chunk, isLast) => {
    isWhole ||= isLast;
    if (isOver) return;
    size += chunk.byteLength;
    if (isChunked && !isLast && ++chunks > FREE_CHUNKS && size < chunks * MIN_CHUNK_BYTES) {
      cut();
      refuse(new OnePushError('BODY_TOO_LARGE', { hint: 'it comes in too many small chunks' }));
      over();
      return;
    }
    take(chunk, isLast);
    if (isLast || size > MAX_DISCARDED) over();
  });

  return {
    read: (maxBytes) =>
      new Promise((resolve, reject) => {
        let buffer: Buffer | undefined;
        let length = 0;
        drop = () => {
          if (buffer !== undefined) budget.giveBack(buffer.length);
          buffer = undefined;
          take = () => {};
        };
        refuse = (error) => {
          drop();
          reject(error);
        };

        /** The buffer, with room for so many bytes; undefined: there is none to be had. */
        function withRoomFor(bytes: number): Buffer | undefined {
          if (buffer !== undefined && bytes <= buffer.length) return buffer;
          const had = buffer?.length ?? 0;
          const larger = Math.min(maxBytes, Math.max(bytes, 2 * had, FIRST_BUFFER));
          if (!budget.take(larger - had)) return undefined;
          const grown = Buffer.allocUnsafe(larger);
          buffer?.copy(grown, 0, 0, length);
          buffer = grown;
          return grown;
        }

        take = (chunk, isLast) => {
          if (size > maxBytes) {
            refuse(new OnePushError('BODY_TOO_LARGE', { hint: `the limit is ${maxBytes} bytes` }));
            return;
          }
          // Copies: uWebSockets takes the bytes back.
          if (isLast && length === 0) {
            resolve(Buffer.from(new Uint8Array(chunk)));
            return;
          }
          const into = withRoomFor(size);
          if (into === undefined) {
            refuse(new OnePushError('OVERLOADED'));
            return;
          }
          into.set(new Uint8Array(chunk), length);
          length = size;
          if (!isLast) return;
          drop();
          resolve(into.subarray(0, length));
        };
      }),
    whenOver(callback) {
      if (isOver) callback();
      else finish = callback;
    },
    isWhole: () => isWhole,
    drop: () => drop(),
  };
}
