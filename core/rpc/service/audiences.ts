import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { createChecker } from '../../../common/contract/check.js';
import { OnePushError } from '../../../common/errors.js';
import { EstimateAudienceResponseSchema } from '../../../gen/onepush/v1/push_pb.js';
import { fromAudience } from '../wire/audience.js';
import { PLATFORM, PlatformNumber } from '../wire/enums.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

const estimateChecker = createChecker(Type.Object({ platform: PlatformNumber }));

/** The methods about audiences. */
export function createAudienceHandlers({
  estimateAudience,
}: Pick<ServiceParts, 'estimateAudience'>): Pick<PushCoreHandlers, 'estimateAudience'> {
  return {
    async estimateAudience(request, call) {
      const { audience, violations: inAudience } = fromAudience(request.audience);
      const violations = [...inAudience, ...estimateChecker.violations(request)];
      if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
      const app = appOf(call.caller);
      const query = { audience, appNum: app.num, platform: PLATFORM[request.platform] };
      const estimate = await estimateAudience(query, call);
      return create(EstimateAudienceResponseSchema, estimate);
    },
  };
}
