import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { OnePushError } from '../../common/errors.js';
import { describeError, type Logger } from '../../common/log.js';
import { receiveBody } from './incoming-body.js';

/**
 * One HTTP request and its answer. The only owner of uWebSockets' response: it is answered exactly once, never after the client
 * has gone, always corked; the request is read before its handler returns, as uWebSockets wants it. An answer waits until the
 * request's body is over: a client that is still writing when the connection closes never sees what it was answered.
 */
export interface Exchange {
  readonly method: string;
  /** Request headers as they were at the start; "" where absent. */
  readonly contentType: string;
  readonly authorization: string;
  readonly idempotencyKey: string;
  /** The first parameter of the route, "" if it has none. */
  readonly parameter: string;
  /** See IncomingBody.read; the limit is that of `begin`. */
  readBody(): Promise<Buffer>;
  sendJson(body: unknown): void;
  send(status: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /** Answers with the error as documented; what is not meant for callers is logged and answered as UNEXPECTED. */
  fail(error: unknown, headers?: Readonly<Record<string, string>>): void;
}

type State = 'open' | 'answered' | 'aborted';

/** Told of each request that is over. `status`: `2xx` and so on, or `aborted` when the client went away. */
export type ObserveAnswer = (route: string, status: string, seconds: number) => void;

/** What requests have in common. */
export interface ExchangeOptions {
  maxBodyBytes: number;
  log: Logger;
  observe: ObserveAnswer;
}

/**
 * Takes over a request. Call it first thing in a route's handler.
 *
 * @param route the pattern that the path matched
 */
export function begin(res: HttpResponse, req: HttpRequest, route: string, options: ExchangeOptions): Exchange {
  const { maxBodyBytes, log, observe } = options;
  const begun = performance.now();
  let state: State = 'open';
  const contentType = req.getHeader('content-type');
  const authorization = req.getHeader('authorization');
  const idempotencyKey = req.getHeader('idempotency-key');
  const method = req.getMethod();
  const isHead = method === 'head';
  const over = (status: string): void => observe(route, status, (performance.now() - begun) / 1000);
  res.onAborted(() => {
    if (state === 'open') over('aborted');
    state = 'aborted';
  });
  const incoming = receiveBody(res);

  function send(status: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    if (state !== 'open') return;
    state = 'answered';
    over(`${status[0]}xx`);
    incoming.whenOver(() => {
      if (state === 'aborted') return;
      res.cork(() => {
        res.writeStatus(status);
        for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
        if (isHead) res.endWithoutBody(Buffer.byteLength(body));
        else res.end(body);
      });
    });
  }

  function fail(error: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const told = error instanceof OnePushError ? error : unexpected(error, log);
    const { row, status, details } = told;
    const field = details.violations?.[0]?.field;
    const body = JSON.stringify({ code: row.code, message: told.message, field, requestId: details.requestId });
    const retry = row.retryAfter === undefined ? undefined : { 'Retry-After': String(row.retryAfter) };
    send(`${status} ${STATUS_CODES[status]}`, { 'Content-Type': JSON_TYPE, ...retry, ...headers }, body);
  }

  return {
    method,
    contentType,
    authorization,
    idempotencyKey,
    parameter: req.getParameter(0) ?? '',
    readBody: () => incoming.read(maxBodyBytes),
    sendJson: (body) => send('200 OK', { 'Content-Type': JSON_TYPE }, JSON.stringify(body)),
    send,
    fail,
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

function unexpected(error: unknown, log: Logger): OnePushError {
  const requestId = randomUUID();
  log.error({ requestId, ...describeError(error) }, 'a request failed unexpectedly');
  return new OnePushError('UNEXPECTED', { requestId, cause: error });
}
