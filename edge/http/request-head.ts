import type { HttpRequest } from 'uWebSockets.js';
import { MAX_HEAD_BYTES } from '../uws.js';

/** Headers of a request as they were at its start; "" where absent, if nothing else is said. */
export interface RequestHead {
  /** Content-Type. */
  contentType: string;
  /** Authorization. */
  authorization: string;
  /** Undefined where absent: what is no ASCII at its ends is not seen, and "" may be all that is left of a key. */
  idempotencyKey: string | undefined;
  /** Content-Encoding. */
  contentEncoding: string;
  /** The query, without its question mark. */
  query: string;
  /** X-Forwarded-For, several of them joined by commas. */
  forwardedFor: string;
  /** Forwarded, the same way. */
  forwarded: string;
  /** Host, the first where there are several. */
  host: string;
  /** Origin. */
  origin: string;
  /** Last-Event-ID. */
  lastEventId: string;
  /** If-None-Match. */
  ifNoneMatch: string;
  /** The question of a browser before a page's request: Access-Control-Request-Method. */
  requestedMethod: string;
  /** The body comes in chunks: its length is not known before its end. */
  isChunked: boolean;
  /** The request has a body, be it an empty one. */
  hasBody: boolean;
  /** The client waits for `100 Continue`, and uWebSockets, which knows one spelling only, has not said so. */
  awaitsContinue: boolean;
  /** It is larger than heads may be. */
  isTooLarge: boolean;
  /**
   * The reason, in words, for which nobody can be sure where the request ends or whom it is for; undefined: there is
   * none.
   */
  ambiguity: string | undefined;
}

/**
 * Reads the head of a request in one pass. Hot: called for each request, and costs about a quarter of a microsecond a
 * header; watched by the benchmark of sends. uWebSockets takes the first of several lengths, and every transfer
 * encoding for `chunked`, where a proxy in front may see it otherwise: what is after such a request could be another
 * one, of somebody else.
 */
export function readHead(req: HttpRequest): RequestHead {
  const head: RequestHead = {
    contentType: '',
    authorization: '',
    idempotencyKey: undefined,
    contentEncoding: '',
    query: '',
    forwardedFor: '',
    forwarded: '',
    host: '',
    origin: '',
    lastEventId: '',
    ifNoneMatch: '',
    requestedMethod: '',
    isChunked: false,
    hasBody: false,
    awaitsContinue: false,
    isTooLarge: false,
    ambiguity: undefined,
  };
  let hosts = 0;
  let lengths = 0;
  let encodings = 0;
  let bytes = 0;
  req.forEach((name, value) => {
    bytes += name.length + value.length + 4;
    switch (name) {
      case 'content-type':
        head.contentType = value;
        break;
      case 'authorization':
        head.authorization = value;
        break;
      case 'idempotency-key':
        head.idempotencyKey = value;
        break;
      case 'content-encoding':
        head.contentEncoding = value;
        break;
      case 'x-forwarded-for':
        head.forwardedFor = join(head.forwardedFor, value);
        break;
      case 'forwarded':
        head.forwarded = join(head.forwarded, value);
        break;
      case 'origin':
        head.origin = value;
        break;
      case 'last-event-id':
        head.lastEventId = value;
        break;
      case 'if-none-match':
        head.ifNoneMatch = value;
        break;
      case 'access-control-request-method':
        head.requestedMethod = value;
        break;
      case 'expect':
        head.awaitsContinue = value !== '100-continue' && value.toLowerCase() === '100-continue';
        break;
      case 'host':
        head.host ||= value;
        if (++hosts > 1) head.ambiguity = 'more than one Host';
        break;
      case 'content-length':
        head.hasBody = true;
        if (++lengths > 1) head.ambiguity = 'more than one Content-Length';
        else if (value === '') head.ambiguity = 'an empty Content-Length';
        break;
      case 'transfer-encoding':
        head.hasBody = true;
        head.isChunked = true;
        if (++encodings > 1 || value.toLowerCase() !== 'chunked')
          head.ambiguity = 'a Transfer-Encoding that is not chunked';
        break;
    }
  });
  // Undefined where there is none, whatever its type says.
  const query: string | undefined = req.getQuery();
  // uWebSockets sees to it only where a head comes in several packets.
  head.query = query ?? '';
  head.isTooLarge = bytes + req.getUrl().length + head.query.length > MAX_HEAD_BYTES;
  if (head.isChunked && lengths > 0) head.ambiguity = 'both Content-Length and Transfer-Encoding';
  return head;
}

/** Returns a part of a path without its percent signs; where they are none of UTF-8, as it is. */
export function decodePart(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function join(before: string, value: string): string {
  return before === '' ? value : `${before},${value}`;
}
