import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import { encodeEnvelope, type UniversalHandler } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { OnePushError, type Violation } from '../../../common/errors.js';
import type { Logger } from '../../../common/logs/log.js';
import { createFrameReader } from '../grpc/frame-reader.js';
import { FREE_BYTES, type Pools } from '../pools.js';
import { decodeRequest, maxBytesOf, tooLarge } from '../request-decoding.js';
import { isOpenToAnyone } from '../service/access.js';
import type { Admission, Admit } from '../service/admission.js';
import { type Credentials, parseAuthorization } from '../service/auth.js';
import type { ObserveCall } from '../service/interceptors.js';
import { toOnePushError } from '../wire/failures.js';
import type { ClientOf } from './client.js';
import { toConnectError } from './errors.js';
import { decodeJsonRequest } from './json-request.js';
import { findWrongHeaders } from './refusals.js';

/** The request of a call, read by the door: Connect is given an empty one in its place. */
export const REQUEST = createContextKey<Message | undefined>(undefined);

/** The caller, as the door has let them in. */
export const ADMISSION = createContextKey<Admission | undefined>(undefined);

const ENCODINGS = ['content-encoding', 'connect-content-encoding', 'grpc-encoding'];
/** Headers at which Connect looks, and which are not true of the empty message. */
const OF_BODY = [...ENCODINGS, 'content-length'];
/**
 * The version that this port speaks, whatever a request says: Connect would begin streams of requests for one that says
 * 2.0.
 */
const HTTP_VERSION = '1.1';
const FRAME_HEAD = 5;
const MAX_DISCARDED = 16 * 1024 * 1024;

/** Serves one request that Connect has a handler for; rejects where it cannot even be answered as a call. */
export type ConnectDoor = (
  handler: UniversalHandler,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/**
 * Stands before every method of the Connect port: lets calls in by their headers, then reads their request within
 * bounds. Connect itself would read and decode it before anybody could look at the key, and would tell the caller what
 * it read.
 */
export function createConnectDoor(options: {
  admit: Admit;
  /** Returns who sends a request. */
  clientOf: ClientOf;
  /** Returns the credentials of a call that has no header for them. */
  credentialsOf: (request: IncomingMessage) => Credentials;
  pools: Pools;
  /** Told of calls that are not let in. */
  observe: ObserveCall | undefined;
  log: Logger;
}): ConnectDoor {
  const { admit, clientOf, credentialsOf, pools, observe, log } = options;

  /** The empty message, once the real one is read; throws what Connect answers. */
  async function* take(
    method: DescMethod,
    request: IncomingMessage,
    response: ServerResponse,
    values: ContextValues,
    violations: readonly Violation[],
  ): AsyncGenerator<Uint8Array> {
    const begun = performance.now();
    try {
      const { authorization } = request.headers;
      const credentials = authorization === undefined ? credentialsOf(request) : parseAuthorization(authorization);
      values.set(ADMISSION, await admit(method, credentials, clientOf(request).text));
      const pool = isOpenToAnyone(method) ? pools.strangers : pools.callers;
      // Who has gone meanwhile is not told of it again, and would never leave.
      if (response.destroyed || !pool.enter()) throw new OnePushError('OVERLOADED');
      response.once('close', () => pool.leave());
      if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
      const { headers } = request;
      if (ENCODINGS.some((name) => (headers[name] ?? 'identity') !== 'identity')) throw new OnePushError('COMPRESSED');
      const bytes = await readBody(method, request, pool);
      const type = headers['content-type'] ?? '';
      const isFramed = !/^application\/(json|proto)\b/i.test(type);
      const message = isFramed ? onlyFrame(bytes) : bytes;
      const isJson = /json/i.test(type);
      values.set(REQUEST, isJson ? decodeJsonRequest(method, message) : decodeRequest(method, message));
      const empty = Buffer.from(isJson ? '{}' : '');
      yield isFramed ? encodeEnvelope(0, empty) : empty;
    } catch (error) {
      const over = (code: string): void => observe?.('connect', method.name, code, (performance.now() - begun) / 1000);
      if (!request.complete && request.destroyed) {
        over('CANCELLED');
        throw new ConnectError('the caller has gone away', Code.Aborted);
      }
      const refusal = toOnePushError(error, log);
      over(refusal.row.grpc);
      await discardRest(request).catch(() => {});
      throw toConnectError(refusal);
    }
  }

  return async (handler, request, response) => {
    const values = createContextValues();
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    for (const name of OF_BODY) call.header.delete(name);
    const violations = findWrongHeaders(request.headers);
    // Connect would repeat them.
    for (const { field } of violations) call.header.delete(field);
    const body = take(handler.method, request, response, values, violations);
    try {
      await universalResponseToNodeResponse(await handler({ ...call, body, httpVersion: HTTP_VERSION }), response);
    } catch (error) {
      // The caller has gone: nobody is to be told.
      const hasGone = response.destroyed || request.socket.destroyed || ConnectError.from(error).code === Code.Aborted;
      if (!hasGone) throw error;
    }
  };
}

/** The body, as large as the method's may be. */
async function readBody(method: DescMethod, request: IncomingMessage, pool: Pools['callers']): Promise<Uint8Array> {
  const limit = maxBytesOf(method) + FRAME_HEAD;
  const chunks: Buffer[] = [];
  let size = 0;
  let held = 0;
  try {
    for await (const chunk of chunksOf(request)) {
      size += chunk.length;
      if (size > limit) throw tooLarge(method);
      if (size > FREE_BYTES) {
        if (!pool.hold(chunk.length)) throw new OnePushError('OVERLOADED');
        held += chunk.length;
      }
      chunks.push(chunk);
    }
  } finally {
    pool.release(held);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/**
 * Reads what a refused client still sends, as much of it as anyone should wait for: before it has sent all, it would
 * not see the answer.
 */
async function discardRest(request: IncomingMessage): Promise<void> {
  let left = MAX_DISCARDED;
  for await (const chunk of chunksOf(request)) {
    left -= chunk.length;
    if (left < 0) return;
  }
}

/** Without encoding, a request yields buffers. To stop in the middle does not end it. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}

/** The message of a body that is one frame: the methods that take more than one are not served over HTTP/1.1. */
function onlyFrame(body: Uint8Array): Uint8Array {
  let frames = 0;
  createFrameReader({
    begun(compressed) {
      if (compressed) throw new OnePushError('COMPRESSED');
    },
    grown() {},
    ended: () => frames++,
  })(body);
  // Of a whole frame its head is there.
  const rest = frames === 1 ? body.length - FRAME_HEAD - Buffer.from(body.subarray(1, FRAME_HEAD)).readUInt32BE() : -1;
  if (rest !== 0) {
    throw new OnePushError('MALFORMED_MESSAGE', { hint: 'the body must be one message behind its length' });
  }
  return body.subarray(FRAME_HEAD);
}
