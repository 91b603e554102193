import { OnePushError } from '../../common/errors.js';
import type { App } from '../domain/app.js';
import type { Audience } from '../domain/audience.js';
import { lifetimeOf } from '../domain/expiry.js';
import type { Push, PushContent, PushHeader } from '../domain/push.js';
import type { Registry } from '../registry/registry.js';
import { resolveAudience } from './audience.js';
import type { WriteCycle } from './write-cycle.js';

/** What an app asks to be pushed. */
export interface PushDraft extends Omit<PushHeader, 'appId' | 'appNum'> {
  audience: Audience;
  /** With `needConfirm`: seconds that the message waits; see `lifetimeOf`. */
  duration: number | undefined;
  content: PushContent;
}

/** An audience that changes so often between its look-up and its commit is a sign of something else. */
const MAX_ATTEMPTS = 20;

/**
 * Accepts a push: finds its devices or topics and commits it with its deliveries. When this resolves the push is durable.
 *
 * @throws StoreUnavailable, OnePushError STORE_UNAVAILABLE or OVERLOADED: then nothing of it is kept
 */
export type AcceptPush = (app: App, draft: PushDraft) => Promise<Push>;

/** @param offlineTtl seconds that a push without `needConfirm` waits */
export function createAcceptPush(registry: Registry, cycle: Pick<WriteCycle, 'push'>, offlineTtl: number): AcceptPush {
  return async (app, { audience, duration, content, ...options }) => {
    const header = { ...options, appId: app.id, appNum: app.num };
    const lifetime = lifetimeOf({ needConfirm: options.needConfirm, duration }, offlineTtl);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const resolution = await resolveAudience(registry, app.num, audience, options.platform);
      const push = await cycle.push({ header, content, lifetime, resolution });
      if (push !== undefined) return push;
    }
    throw new OnePushError('OVERLOADED');
  };
}
