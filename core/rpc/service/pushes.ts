import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { RecallPushResponseSchema } from '../../../gen/onepush/v1/push_pb.js';
import type { PushDraft } from '../../delivery/push/accept-push.js';
import type { Caller } from '../../delivery/writer/push-queue.js';
import type { App } from '../../domain/app.js';
import { parsePushId, toRequestId } from '../wire/enums.js';
import { fromSendPush } from '../wire/push.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { answerPushes } from './push-stream.js';
import { endWith } from './tracing.js';

const CHECKED = Promise.resolve(undefined);

/** The methods that make pushes and end them. */
export function createPushHandlers({
  acceptPush,
  recallPush,
  limits,
  stopping,
  log,
}: Pick<ServiceParts, 'acceptPush' | 'recallPush' | 'limits' | 'log' | 'stopping'>): Pick<
  PushCoreHandlers,
  'sendPush' | 'sendPushStream' | 'recallPush'
> {
  /** Answers the push's id; undefined where it was only to be checked. */
  function make(app: App, draft: PushDraft, dryRun: boolean, call?: Caller): Promise<number | undefined> {
    return dryRun ? CHECKED : acceptPush(app, draft, call);
  }

  return {
    async sendPush(request, call) {
      // What is wrong with a push is told to whoever asks, as it always was.
      const draft = fromSendPush(request);
      const app = appOf(call.caller);
      const pushId = await make(app, draft, request.dryRun, call);
      return { $typeName: 'onepush.v1.SendPushResponse', requestId: toRequestId(pushId) };
    },

    async *sendPushStream(requests, { caller, readmit, startItem }) {
      const ended = limits.open(appOf(caller), 'sendStreams');
      try {
        yield* answerPushes(requests, {
          authenticate: async () => appOf(await readmit()),
          send(app, push) {
            const trace = startItem?.();
            if (trace === undefined) return make(app, fromSendPush(push), push.dryRun);
            return endWith(trace, async () => make(app, fromSendPush(push), push.dryRun, { cancelled: false, trace }));
          },
          stopping,
          log,
        });
      } finally {
        ended();
      }
    },

    async recallPush({ requestId }, { caller }) {
      const app = appOf(caller);
      const pushId = parsePushId(requestId);
      const result = pushId && (await recallPush(app.num, pushId));
      if (!result) throw new OnePushError('UNKNOWN_PUSH');
      return create(RecallPushResponseSchema, { recalled: result.deliveries });
    },
  };
}
