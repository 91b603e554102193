import type { HttpResponse } from 'uWebSockets.js';

/** Everything that is said to a request. */
export interface Answer {
  /** Code and phrase. */
  status: string;
  headers: Readonly<Record<string, string>>;
  /** Not empty. */
  body: string | Uint8Array;
}

/**
 * Writes an answer without keeping more of it than the rest of its own body while its reader does not read. Until the last byte is handed
 * over, the request counts as unanswered: uWebSockets closes a connection whose next request comes before, and one that takes nothing for
 * ten seconds. So no connection gathers answers. Hot: a call for each request.
 */
export function writeAnswer(res: HttpResponse, { status, headers, body }: Answer): void {
  res.cork(() => {
    res.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    // A total of 0 is the length of what is given.
    const [, isDone] = res.tryEnd(body, 0);
    if (!isDone) writeRest(res, body);
  });
}

function writeRest(res: HttpResponse, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  res.onWritable((offset) => {
    const [isTaken] = res.tryEnd(bytes.subarray(offset), bytes.length);
    return isTaken;
  });
}

/**
 * Writes the head of an answer, and closes the connection: uWebSockets does not take another request after a head without its body. Not
 * to be called within uWebSockets' parser.
 */
export function writeHeadOnly(res: HttpResponse, { status, headers, body }: Answer): void {
  res.cork(() => {
    res.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    res.writeHeader('Connection', 'close');
    res.tryEnd('', Buffer.byteLength(body));
  });
  res.close();
}

/**
 * Writes an answer and closes the connection, whatever else the client has sent on it. This is the one answer that is kept where it is not
 * read, and the connection with it: let there be only so many a second. Not to be called within uWebSockets' parser.
 */
export function writeLastAnswer(res: HttpResponse, { status, headers, body }: Answer): void {
  res.cork(() => {
    res.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    res.end(body, true);
  });
}
