import type { HttpResponse } from 'uWebSockets.js';

/** Everything that is said to a request. */
export interface Answer {
  /** Code and phrase. */
  status: string;
  /** Not empty. */
  headers: Readonly<Record<string, string>>;
  /** Empty where the status is one that has no body. */
  body: string | Uint8Array;
  /** True if `writeContinue` came before it. */
  isContinued: boolean;
}

/**
 * Seconds that a connection may be idle and still be used: uWebSockets closes it after ten, and its clock has steps of
 * four. Clients that are told do not send a request into a connection that is about to close.
 */
const KEEP_ALIVE = 'timeout=7';

/**
 * Writes an answer without keeping more of it than the rest of its own body while its reader does not read. Until the
 * last byte is handed over, the request counts as unanswered: uWebSockets closes a connection whose next request comes
 * before, and one that takes nothing for ten seconds. So no connection gathers answers. Hot: a call for each request.
 */
export function writeAnswer(res: HttpResponse, answer: Answer): void {
  const bytes = toBytes(answer.body);
  res.cork(() => {
    writeHead(res, answer);
    res.writeHeader('Keep-Alive', KEEP_ALIVE);
    if (bytes.length === 0) {
      res.endWithoutBody();
      return;
    }
    // A total of 0 is the length of what is given.
    const [, isDone] = res.tryEnd(bytes, 0);
    if (!isDone) writeRest(res, bytes);
  });
}

/**
 * Returns what uWebSockets is given instead of text: its version of `package.json` writes Latin-1 on Node.js 24 where
 * all characters of a text have a place in that.
 */
export function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function writeRest(res: HttpResponse, bytes: Uint8Array): void {
  res.onWritable((offset) => {
    const [isTaken] = res.tryEnd(bytes.subarray(offset), bytes.length);
    return isTaken;
  });
}

/**
 * Writes the head of an answer, with the length of its body, and closes the connection. Not to be called within
 * uWebSockets' parser.
 */
export function writeHeadOnly(res: HttpResponse, answer: Answer): void {
  const length = Buffer.byteLength(answer.body);
  // Version 20.41, of Node.js 20, does not close here by itself; newer ones are done after tryEnd, and throw at close.
  const isNewer = 'collectBody' in res;
  res.cork(() => {
    writeHead(res, answer);
    if (isNewer) res.endWithoutBody(length, true);
    else res.writeHeader('Connection', 'close').tryEnd('', length);
  });
  if (!isNewer) res.close();
}

/**
 * Writes an answer and closes the connection, whatever else the client has sent on it. This is the one answer that is
 * kept where it is not read, and the connection with it: where the body was not read to its end, let there be only so
 * many a second. Not to be called within uWebSockets' parser.
 */
export function writeLastAnswer(res: HttpResponse, answer: Answer): void {
  res.cork(() => {
    writeHead(res, answer);
    res.end(toBytes(answer.body), true);
  });
}

/** Tells a client that waits for it to send the body. */
export function writeContinue(res: HttpResponse): void {
  res.cork(() => {
    // The second line break ends it: nothing of it has a body or headers.
    res.writeStatus('100 Continue\r\n');
  });
}

/** Writes the status and the headers of an answer. To be corked. */
export function writeHead(
  res: HttpResponse,
  { status, headers, isContinued }: Pick<Answer, 'status' | 'headers' | 'isContinued'>,
): void {
  // uWebSockets writes one status: where that was `100 Continue`, the real one goes before the first header.
  let before = isContinued ? `HTTP/1.1 ${status}\r\n` : '';
  if (!isContinued) res.writeStatus(status);
  for (const [name, value] of Object.entries(headers)) {
    res.writeHeader(before + name, value);
    before = '';
  }
}
