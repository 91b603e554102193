import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../common/errors.js';
import { RecallPushResponseSchema, SendPushResponseSchema } from '../../gen/onepush/v1/push_pb.js';
import { authenticate } from './credentials.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { parsePushId } from './wire.js';
import { fromSendPush } from './wire-push.js';

/** The methods that make pushes and end them. */
export function createPushHandlers({
  registry,
  cycle,
  acceptPush,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'acceptPush'>): Pick<PushCoreHandlers, 'sendPush' | 'recallPush'> {
  return {
    async sendPush(request, { credentials }) {
      const draft = fromSendPush(request);
      const app = await authenticate(registry, credentials);
      return create(SendPushResponseSchema, { requestId: String(await acceptPush(app, draft)) });
    },

    async recallPush({ requestId }, { credentials }) {
      const app = await authenticate(registry, credentials);
      const pushId = parsePushId(requestId);
      const result = pushId && (await cycle.change(cycle.changes.recall, { pushId, appNum: app.num }));
      if (!result) throw new OnePushError('UNKNOWN_PUSH');
      return create(RecallPushResponseSchema, { recalled: result.deliveries });
    },
  };
}
