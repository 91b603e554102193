import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { randomUUID } from 'node:crypto';
import { OnePushError } from '../../common/errors.js';
import { describeError, type Logger } from '../../common/log.js';

/**
 * One HTTP request and its answer. The only owner of uWebSockets' response: it is answered exactly once, never after the client
 * has gone, always corked; the request is read before its handler returns, as uWebSockets wants it.
 */
export interface Exchange {
  readonly method: string;
  /** A request header as it was at the start; "" if it is absent. Only those that were asked for in `begin`. */
  readonly contentType: string;
  readonly authorization: string;
  /** The first parameter of the route, "" if it has none. */
  readonly parameter: string;
  /** Rejects with BODY_TOO_LARGE as soon as the body is over the limit; never resolves if the client goes away. */
  readBody(): Promise<Buffer>;
  sendJson(body: unknown): void;
  send(status: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /** Answers with the error as documented; what is not meant for callers is logged and answered as UNEXPECTED. */
  fail(error: unknown, headers?: Readonly<Record<string, string>>): void;
}

type State = 'open' | 'answered' | 'aborted';

const STATUS_TEXT: Record<number, string> = {
  200: '200 OK',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  413: '413 Content Too Large',
  415: '415 Unsupported Media Type',
  426: '426 Upgrade Required',
  429: '429 Too Many Requests',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/** Takes over a request. Call it first thing in a route's handler. */
export function begin(res: HttpResponse, req: HttpRequest, maxBodyBytes: number, log: Logger): Exchange {
  let state: State = 'open';
  const declared = Number(req.getHeader('content-length') || 0);
  const contentType = req.getHeader('content-type');
  const authorization = req.getHeader('authorization');
  const method = req.getMethod();
  const isHead = method === 'head';
  res.onAborted(() => {
    state = 'aborted';
  });

  function answer(
    status: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array,
    closing: boolean,
  ): void {
    if (state !== 'open') return;
    state = 'answered';
    res.cork(() => {
      res.writeStatus(status);
      for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
      if (isHead) res.endWithoutBody(Buffer.byteLength(body), closing);
      else res.end(body, closing);
    });
  }

  function fail(error: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const told = error instanceof OnePushError ? error : unexpected(error, log);
    const { row, status, details } = told;
    const field = details.violations?.[0]?.field;
    const body = JSON.stringify({ code: row.code, message: told.message, field, requestId: details.requestId });
    const retry = row.retryAfter === undefined ? undefined : { 'Retry-After': String(row.retryAfter) };
    // What is left of a body that is too large is not read: the connection ends with the answer.
    const closing = told.reason === 'BODY_TOO_LARGE';
    answer(STATUS_TEXT[status] ?? String(status), { 'Content-Type': JSON_TYPE, ...retry, ...headers }, body, closing);
  }

  return {
    method,
    contentType,
    authorization,
    parameter: req.getParameter(0) ?? '',
    readBody: () =>
      new Promise((resolve, reject) => {
        const tooLarge = (): void =>
          reject(new OnePushError('BODY_TOO_LARGE', { hint: `the limit is ${maxBodyBytes} bytes` }));
        if (declared > maxBodyBytes) {
          tooLarge();
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        res.onData((chunk, isLast) => {
          size += chunk.byteLength;
          if (size > maxBodyBytes) {
            chunks.length = 0;
            tooLarge();
            return;
          }
          // A copy: uWebSockets takes the bytes back.
          chunks.push(Buffer.from(chunk.slice(0)));
          if (isLast) resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
        });
      }),
    sendJson: (body) => answer('200 OK', { 'Content-Type': JSON_TYPE }, JSON.stringify(body), false),
    send: (status, headers, body) => answer(status, headers, body, false),
    fail,
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

function unexpected(error: unknown, log: Logger): OnePushError {
  const requestId = randomUUID();
  log.error({ requestId, ...describeError(error) }, 'a request failed unexpectedly');
  return new OnePushError('UNEXPECTED', { requestId, cause: error });
}
