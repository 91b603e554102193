import { OnePushError } from '../../../common/errors.js';
import type { App } from '../../domain/app.js';
import type { Registration } from '../../domain/device.js';
import { createDevicePlaces } from '../../registry/device-places.js';
import type { ServiceParts } from './handlers.js';

/** Registers devices of apps within the limits of these. */
export interface LimitedRegistration {
  /**
   * Registers a device. Answers its id.
   *
   * @throws OnePushError LIMIT_REACHED, TOO_MANY_DEVICES or TOO_MANY_TAGS
   */
  register(app: App, registration: Registration): Promise<string>;
  /** Returns the maximum number of tags of an app. */
  maxTagsOf(app: App): number;
  /** Returns the error for what the store has refused. */
  toError(app: App, refusal: 'TOO_MANY_DEVICES' | 'TOO_MANY_TAGS' | 'APP_FULL'): OnePushError;
}

/** Milliseconds after which to try again when an app has as many devices or tags as it may. */
const FULL_RETRY_MS = 60_000;

/** Returns what registers. */
export function createLimitedRegistration({
  cycle,
  limits,
  queries,
}: Pick<ServiceParts, 'cycle' | 'limits' | 'queries'>): LimitedRegistration {
  const places = createDevicePlaces((appNum) => queries.countDevices(appNum));

  function maxTagsOf(app: App): number {
    return limits.limitOf(app, 'tags') || Number.POSITIVE_INFINITY;
  }

  function toError(app: App, refusal: 'TOO_MANY_DEVICES' | 'TOO_MANY_TAGS' | 'APP_FULL'): OnePushError {
    if (refusal === 'TOO_MANY_DEVICES') return new OnePushError(refusal);
    const error = limits.refuse(app, refusal === 'APP_FULL' ? 'devices' : 'tags', FULL_RETRY_MS);
    // Its own code is older than names of limits.
    return refusal === 'APP_FULL' ? error : new OnePushError(refusal);
  }

  return {
    async register(app, registration) {
      limits.take(app, 'registrations', 1);
      const maxDevices = limits.limitOf(app, 'devices');
      const settle = maxDevices > 0 ? await places.reserve(app.num, maxDevices) : undefined;
      let hasJoined = false;
      try {
        const result = await cycle.execute(cycle.commands.register, {
          ...registration,
          appNum: app.num,
          maxTags: maxTagsOf(app),
          isAppFull: maxDevices > 0 && settle === undefined,
        });
        if (typeof result === 'string') throw toError(app, result);
        hasJoined = result.previousAlias === undefined;
        return result.device.id;
      } finally {
        settle?.(hasJoined);
      }
    },
    maxTagsOf,
    toError,
  };
}
