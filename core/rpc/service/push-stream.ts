import { setImmediate as nextTurn } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { OnePushError } from '../../../common/errors.js';
import type { Logger } from '../../../common/logs/log.js';
import {
  SendPushStreamResponse_FailureSchema as FailureSchema,
  type SendPushStreamResponse_Result as Result,
  type SendPushRequest,
  type SendPushStreamRequest,
  type SendPushStreamResponse,
  SendPushStreamResponseSchema,
} from '../../../gen/onepush/v1/push_pb.js';
import type { App } from '../../domain/app.js';
import { toRequestId } from '../wire/enums.js';
import { toErrorDetail, toOnePushError } from '../wire/failures.js';

/**
 * Maximum number of pushes of one stream without an answer that its caller has taken: beyond it no more are begun, nor
 * is the caller read from.
 */
const WINDOW = 8192;
/** So many pushes of one message are begun at a time: others have their turn between them. */
const PUSHES_PER_TURN = 256;
/** Maximum number of answers in one message. */
const ANSWERS_PER_MESSAGE = 1024;

/**
 * Carries out the pushes of one stream, many at a time, and yields their answers as they come. Hot: one turn of this
 * for each push; watched by the benchmark of SendPushStream.
 */
export async function* answerPushes(
  requests: AsyncIterable<SendPushStreamRequest>,
  options: {
    /** The app that calls; asked for each message, since a key may have been taken away meanwhile. */
    authenticate: () => Promise<App>;
    /** Makes one push, and answers its id; undefined where it was only to be checked. Throws what is wrong with it. */
    send: (app: App, push: SendPushRequest) => Promise<number | undefined>;
    /** Aborted when the core stops: what was begun is answered, then the stream fails with CORE_UNAVAILABLE. */
    stopping: AbortSignal;
    log: Logger;
  },
): AsyncGenerator<SendPushStreamResponse> {
  const { authenticate, send, stopping, log } = options;
  const answers: Result[] = [];
  let unanswered = 0;
  let ended = false;
  let gone = false;
  let failure: { error: unknown } | undefined;
  let wake = (): void => {};
  let makeRoom = (): void => {};

  function answer(reference: number, result: Result['result']): void {
    answers.push({ $typeName: 'onepush.v1.SendPushStreamResponse.Result', reference, result });
    if (answers.length === 1) wake();
  }

  function start(app: App, reference: number, push: SendPushRequest | undefined): void {
    unanswered++;
    const failed = (error: unknown): void => answer(reference, toFailure(toOnePushError(error, log)));
    try {
      if (push === undefined) {
        throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'push', rule: 'is required' }] });
      }
      send(app, push).then((pushId) => answer(reference, { case: 'requestId', value: toRequestId(pushId) }), failed);
    } catch (error) {
      failed(error);
    }
  }

  async function read(): Promise<void> {
    try {
      for await (const { pushes } of requests) {
        const app = await authenticate();
        for (const [index, { reference, push }] of pushes.entries()) {
          if (index > 0 && index % PUSHES_PER_TURN === 0) await nextTurn();
          while (unanswered >= WINDOW && !gone) {
            await new Promise<void>((resolve) => {
              makeRoom = resolve;
            });
          }
          if (gone) return;
          start(app, reference, push);
        }
      }
    } catch (error) {
      failure = { error };
    }
    ended = true;
    wake();
  }

  const stop = (): void => {
    // What is read from here on is not begun.
    gone = true;
    failure = { error: new OnePushError('CORE_UNAVAILABLE') };
    makeRoom();
    wake();
  };
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  void read();
  try {
    for (;;) {
      if (failure !== undefined && unanswered === 0) throw failure.error;
      if (answers.length === 0) {
        if (ended && unanswered === 0) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        // What is committed together is answered together.
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      const results = answers.splice(0, ANSWERS_PER_MESSAGE);
      yield create(SendPushStreamResponseSchema, { results });
      unanswered -= results.length;
      makeRoom();
    }
  } finally {
    // Nobody reads the answers any more. What was begun is carried out.
    gone = true;
    makeRoom();
    stopping.removeEventListener('abort', stop);
  }
}

function toFailure(error: OnePushError): Result['result'] {
  return {
    case: 'failure',
    value: create(FailureSchema, {
      code: status[error.row.grpc],
      message: error.message,
      detail: toErrorDetail(error),
    }),
  };
}
