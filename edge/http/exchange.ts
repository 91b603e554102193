import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { OnePushError } from '../../common/errors.js';
import {
  type ClientAddress,
  type FindClient,
  isFromThisMachine,
  textOfAddress,
} from '../../common/http/client-address.js';
import { describeError, type Logger } from '../../common/logs/log.js';
import type { TraceHeaders, Tracer } from '../../common/tracing/tracer.js';
import type { Rate } from '../rate.js';
import { MAX_HEAD_BYTES } from '../uws.js';
import { writeAnswer, writeContinue, writeHeadOnly, writeLastAnswer } from './answer.js';
import { type AnswerStream, createAnswerStream } from './answer-stream.js';
import { challengeOf } from './challenge.js';
import type { CrumbGuard } from './crumb-guard.js';
import { type BodyBudget, receiveBody } from './incoming-body.js';
import { decodePart, type RequestHead, readHead } from './request-head.js';
import { type RequestSpan, startRequestSpan } from './request-span.js';
import type { Turns } from './turns.js';

/**
 * One HTTP request and its answer. The only owner of uWebSockets' response: it is answered exactly once, never after
 * the client has gone, always corked; the request is read before its handler returns, as uWebSockets wants it. An
 * answer waits until the request's body is over: a client that is still writing when the connection closes never sees
 * what it was answered. It waits for the end of the turn, too (see Turns): whoever sends the next request before it is
 * cut off.
 */
export interface Exchange {
  /** In lower case. */
  readonly method: string;
  /** Request headers as they were at the start; "" where absent. */
  readonly contentType: string;
  /** The header; "" where absent. */
  readonly authorization: string;
  /** The header; "" where absent. */
  readonly idempotencyKey: string | undefined;
  /** The header Origin; "" where absent. */
  readonly origin: string;
  /** The header Last-Event-ID; "" where absent. */
  readonly lastEventId: string;
  /** The header If-None-Match; "" where absent. */
  readonly ifNoneMatch: string;
  /** The header Access-Control-Request-Method; "" where absent. */
  readonly requestedMethod: string;
  /** Returns who asks. First to be called before anything is waited for: whoever has gone has no address. */
  client(): ClientAddress;
  /** Returns true if a program of this machine asks for this machine by its name: no proxy, as far as one can tell. */
  isFromThisMachine(): boolean;
  /** True if only the documented types, names and paths are taken (ONEPUSH_STRICT_JSON). */
  readonly isStrict: boolean;
  /** The span of the request; undefined: it is not traced. */
  readonly span: RequestSpan | undefined;
  /** The first parameter of the route, "" if it has none. */
  readonly parameter: string;
  /** The query, without its question mark. */
  readonly query: string;
  /** See IncomingBody.read; the limit is that of `begin`. */
  readBody(): Promise<Buffer>;
  /** Adds to the headers of the answer, whatever it will be. */
  addHeaders(headers: Readonly<Record<string, string>>): void;
  /** Answers 200 with a JSON body, once the request is over. */
  sendJson(body: unknown): void;
  /** Answers 200 with JSON text, once the request is over. */
  sendJsonText(text: string): void;
  /** Answers, once the request is over. */
  send(status: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /**
   * Begins an answer that has no end yet, once the request is over.
   *
   * @param gone told that the client has gone, or takes nothing any more
   */
  stream(headers: Readonly<Record<string, string>>, gone: () => void): AnswerStream;
  /** The answer will wait for something to happen, which is no part of its time; `gone`: the client has gone before. */
  hold(gone: () => void): void;
  /** Has the connection end with the answer, or without one if there are too many such answers. */
  closeAfterwards(): void;
  /** Answers with the error as documented; what is not meant for callers is logged and answered as UNEXPECTED. */
  fail(error: unknown, headers?: Readonly<Record<string, string>>): void;
}

type State = 'open' | 'held' | 'answered' | 'aborted';

/** Told of each request that is over. `status`: `2xx` and so on, or `aborted` when the client went away. */
export type ObserveAnswer = (route: string, status: string, seconds: number) => void;

/** Answers a request with an error. */
export type Refuse = (res: HttpResponse, req: HttpRequest, error: OnePushError) => void;

/** The parts that all requests share. */
export interface ExchangeOptions {
  /** A larger body is refused. */
  maxBodyBytes: number;
  /** True if only the documented types, names and paths are taken. */
  isStrict: boolean;
  /** For errors that clients see only as unexpected. */
  log: Logger;
  /** Told of each answer. */
  observe: ObserveAnswer;
  /** Finds the client of a request. */
  findClient: FindClient;
  /** Turns of the event loop. */
  turns: Turns;
  /** Addresses that send bodies in crumbs. */
  crumbs: CrumbGuard;
  /** Bytes of all bodies that are gathered. */
  bodies: BodyBudget;
  /** Headers of every answer; undefined: there are none. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Undefined: requests are not traced. */
  tracer?: Tracer | undefined;
  /** Rate of connections that are closed with an answer; the others are closed without a word. */
  lastWords: Rate;
}

/**
 * Takes over a request. Call it first thing in a route's handler.
 *
 * @param route the pattern that the path matched
 * @returns undefined if the request was refused since it is no whole or no sure one; nothing else is to be done
 */
export function begin(
  res: HttpResponse,
  req: HttpRequest,
  route: string,
  options: ExchangeOptions,
): Exchange | undefined {
  const { maxBodyBytes, isStrict, log, observe, findClient, turns, crumbs, bodies, lastWords, tracer } = options;
  const begun = performance.now();
  const turn = turns.current();
  let state: State = 'open';
  /** Nothing more of the connection is to be read. */
  let isLast = false;
  let added = options.headers;
  let gone = (): void => {};
  const head = readHead(req);
  let known: ClientAddress | undefined;
  const client = (): ClientAddress => {
    known ??= findClient(textOfAddress(res.getRemoteAddress()), head);
    return known;
  };
  const admitted = head.isChunked ? crumbs.began(client().network, () => res.close()) : NO_CHUNKS;
  if (admitted === undefined) {
    res.close();
    return undefined;
  }
  const chunks = admitted;
  const method = req.getMethod();
  const span = tracer && startRequestSpan(tracer, { method, route, headers: traceHeadersOf(req) });
  const over = (status: string): void => observe(route, status, (performance.now() - begun) / 1000);
  res.onAborted(() => {
    if (state === 'open') {
      over('aborted');
      span?.aborted();
    }
    state = 'aborted';
    gone();
    incoming.drop();
    chunks.ended();
  });
  const incoming = receiveBody(res, {
    isChunked: head.isChunked,
    budget: bodies,
    cut() {
      isLast = true;
      chunks.crumbled();
    },
    ended: chunks.ended,
  });

  function send(status: string, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    if (state !== 'open' && state !== 'held') return;
    if (state === 'open') {
      over(`${status[0]}xx`);
      span?.answered(status);
    }
    state = 'answered';
    if (isLast) chunks.ended();
    const write = (): void => {
      if (state === 'aborted') return;
      const answer = {
        status,
        headers: added === undefined ? headers : { ...headers, ...added },
        body,
        isContinued: head.awaitsContinue,
      };
      if (isLast && !lastWords.take()) res.close();
      else if (method === 'head') writeHeadOnly(res, answer);
      // uWebSockets takes trailers for the next request.
      else if (isLast || (head.isChunked && incoming.isWhole())) writeLastAnswer(res, answer);
      else writeAnswer(res, answer);
    };
    const whenOver = (): void => {
      if (isLast || head.isChunked || method === 'head' || turn === turns.current()) turns.afterwards(write);
      else write();
    };
    // Where nothing more is read there is no end to wait for.
    if (isLast) whenOver();
    else incoming.whenOver(whenOver);
  }

  function hold(told: () => void): void {
    if (state !== 'open') return;
    state = 'held';
    gone = told;
    over('2xx');
    span?.answered('200');
  }

  function stream(headers: Readonly<Record<string, string>>, told: () => void): AnswerStream {
    hold(told);
    const { begin: start, ...answer } = createAnswerStream(res, () => state === 'aborted');
    const whole = { ...headers, ...added };
    incoming.whenOver(() => turns.afterwards(() => start(whole, head.awaitsContinue)));
    return answer;
  }

  function fail(error: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const told = error instanceof OnePushError ? error : unexpected(error, log);
    const { row, status, retryAfterSeconds: after } = told;
    span?.failed(told.reason, status);
    const { violations, limit, requestId } = told.details;
    const field = violations?.[0]?.field;
    const body = JSON.stringify({ code: row.code, message: told.message, field, limit, requestId });
    const retry = after === undefined ? undefined : { 'Retry-After': String(after) };
    send(`${status} ${STATUS_CODES[status]}`, { ...JSON_HEADERS, ...retry, ...challengeOf(told), ...headers }, body);
  }

  const refusal = refusalOf(head, res);
  if (head.awaitsContinue) writeContinue(res);
  if (refusal !== undefined) {
    isLast = true;
    fail(refusal);
    return undefined;
  }

  return {
    method,
    contentType: head.contentType,
    authorization: head.authorization,
    idempotencyKey: head.idempotencyKey,
    origin: head.origin,
    lastEventId: head.lastEventId,
    ifNoneMatch: head.ifNoneMatch,
    requestedMethod: head.requestedMethod,
    client,
    isFromThisMachine: () => isFromThisMachine(client(), head),
    isStrict,
    span,
    parameter: decodePart(req.getParameter(0) ?? ''),
    query: head.query,
    async readBody() {
      if (!/^(identity)?$/i.test(head.contentEncoding))
        throw new OnePushError('COMPRESSED', { hint: 'send the body without a Content-Encoding' });
      const body = await incoming.read(maxBodyBytes);
      // What comes with the last chunk may be no HTTP, and end the connection: then nothing is done.
      if (head.isChunked) await new Promise<void>((resolve) => turns.afterwards(resolve));
      return state === 'aborted' ? new Promise(() => {}) : body;
    },
    addHeaders(headers) {
      added = { ...added, ...headers };
    },
    sendJson: (body) => send('200 OK', JSON_HEADERS, JSON.stringify(body)),
    sendJsonText: (text) => send('200 OK', JSON_HEADERS, text),
    send,
    stream,
    hold,
    closeAfterwards() {
      isLast = true;
    },
    fail,
  };
}

/** Read only where requests are traced. */
function traceHeadersOf(req: HttpRequest): TraceHeaders {
  return { traceparent: req.getHeader('traceparent'), tracestate: req.getHeader('tracestate') };
}

/** Returns why nothing can be done with a request of this head, whatever it asks for. */
function refusalOf(head: RequestHead, res: HttpResponse): OnePushError | undefined {
  if (head.isTooLarge) return new OnePushError('HEAD_TOO_LARGE', { hint: `the limit is ${MAX_HEAD_BYTES} bytes` });
  // PROXY v2, which anyone may send: it says who the client is, and nobody has checked it.
  const doubt = res.getProxiedRemoteAddress().byteLength > 0 ? 'a PROXY header' : head.ambiguity;
  return doubt === undefined ? undefined : new OnePushError('AMBIGUOUS_REQUEST', { hint: `it has ${doubt}` });
}

/** A body of known length. */
const NO_CHUNKS = { ended() {}, crumbled() {} };
const JSON_HEADERS = { 'Content-Type': 'application/json; charset=utf-8' };

function unexpected(error: unknown, log: Logger): OnePushError {
  const requestId = randomUUID();
  log.error({ requestId, ...describeError(error) }, 'a request failed unexpectedly');
  return new OnePushError('UNEXPECTED', { requestId, cause: error });
}
