import { APP_LIMITS, type AppLimitValues } from '../../common/limits/names.js';
import { createPushQuota, type PushQuota } from '../../core/delivery/push/push-quota.js';
import { createAppLimits } from '../../core/registry/app-limits.js';

// Each name is there.
/** No limits at all. */
export const NO_LIMITS = Object.fromEntries(APP_LIMITS.map((name) => [name, 0])) as AppLimitValues;

/** The quota of pushes where there are no limits. */
export function unlimited(): PushQuota {
  return createPushQuota({
    limits: createAppLimits(NO_LIMITS),
    registry: { getApp: () => Promise.reject(new Error('no app is looked up')) },
    store: { findIdempotent: async () => new Map() },
  });
}
