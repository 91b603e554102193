import { OnePushError } from '../../../common/errors.js';
import { hashSecret } from '../../../common/secrets.js';
import type { Span } from '../../../common/tracing/tracer.js';
import type { App } from '../../domain/app.js';
import { type Audience, reachOf } from '../../domain/audience.js';
import { lifetimeOf } from '../../domain/expiry.js';
import { type PushContent, type PushOptions, toHeader } from '../../domain/push.js';
import type { Registry } from '../../registry/registry.js';
import { type IdempotencyKey, type StoreReader, StoreUnavailable } from '../../store/store.js';
import type { JobRequest } from '../writer/commands.js';
import { IDEMPOTENCY_LIFETIME } from '../writer/idempotency.js';
import type { Caller } from '../writer/push-queue.js';
import type { Resolution } from '../writer/resolution.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import type { PushQuota, PushShare } from './push-quota.js';
import { resolveAudience } from './resolve-audience.js';

/** A push as an app asks for it. */
export interface PushDraft extends PushOptions {
  /** Devices that it is for, within the app. */
  audience: Audience;
  /** With `needConfirm`: seconds that the message waits; see `lifetimeOf`. */
  duration: number | undefined;
  /** Seconds that the message waits, whatever `needConfirm` says; undefined: see `lifetimeOf`. */
  ttl?: number | undefined;
  /** The part that devices get. */
  content: PushContent;
  /** Time at which it is to be made, in milliseconds since the epoch; undefined or past: at once. */
  sendAt?: number | undefined;
  /** Makes a retry safe; see `Idempotency`. */
  idempotency: { key: string; digest: string } | undefined;
}

/** Time that a push may look for its devices before it becomes a job. */
const RESOLVE_BOUNDS = { withinMs: 500 };
/**
 * Only when nothing is known of its devices any more is a push resolved again; so often is a sign of something else.
 */
const MAX_ATTEMPTS = 20;

/**
 * Accepts a push: finds its devices or topics and commits it with its deliveries; or, if it is to be made later, goes
 * to very many devices or has to look for them for long, a job that will. When this resolves, with the request id, it
 * is durable.
 *
 * @param caller one that has cancelled before the commit begins has nothing committed; absent: the push is carried out
 * in any case
 * @throws OnePushError STORE_UNAVAILABLE, OVERLOADED or LIMIT_REACHED: then it is not accepted; IDEMPOTENCY_CONFLICT
 */
export type AcceptPush = (app: App, draft: PushDraft, caller?: Caller) => Promise<number>;

/**
 * @param offlineTtl seconds that a push without `needConfirm` waits
 * @param scheduled told of the jobs of pushes that are traced; undefined: none are
 */
export function createAcceptPush(
  registry: Registry,
  store: Pick<StoreReader, 'findAudience'>,
  cycle: Pick<WriteCycle, 'push' | 'execute' | 'commands'>,
  offlineTtl: number,
  quota: PushQuota,
  scheduled?: (jobId: number, trace: Span, lifetime: number) => void,
): AcceptPush {
  async function schedule(app: App, request: JobRequest, caller: Caller | undefined): Promise<number> {
    if (caller?.cancelled) throw new StoreUnavailable('CANCELLED');
    const maxOpen = quota.maxOpenJobs(app);
    const id = await cycle.execute(cycle.commands.schedule, { ...request, maxOpen });
    if (id === 'conflict') throw new OnePushError('IDEMPOTENCY_CONFLICT');
    if (id === 'full') throw quota.refuseJob(app);
    if (caller?.trace !== undefined) scheduled?.(id, caller.trace, request.lifetime);
    return id;
  }

  /** Hot: each step is waited for only where there is something to wait for. */
  async function accept({ app, draft, caller, since, idempotency }: Accepting, share: PushShare): Promise<number> {
    const { content, sendAt } = draft;
    const reach = reachOf(draft.audience, draft.platform);
    const header = toHeader(app, draft, reach.platform);
    const lifetime = lifetimeOf(draft, offlineTtl);
    const repeated = idempotency && (() => share.giveBack());
    const later = (dueAt: number | undefined): Promise<number> => {
      const spec = { header, work: { content, reach } };
      return schedule(app, { appNum: app.num, spec, dueAt, lifetime, idempotency, repeated }, caller);
    };
    const sends = share.take('sends', 1);
    if (sends !== undefined) await sends;
    if (sendAt !== undefined && sendAt > Date.now()) return later(sendAt);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const resolution = await resolveAudience(registry, store, app.num, reach, RESOLVE_BOUNDS);
      // Of a job nothing is taken before its parts are made, but there must be something left.
      const deliveries = attempt === 0 ? share.take('deliveries', deliveriesOf(resolution)) : undefined;
      if (deliveries !== undefined) await deliveries;
      if (resolution === undefined) return later(undefined);
      const request = { header, content, lifetime, resolution, idempotency, caller, repeated, since };
      const pushId = await cycle.push(request);
      if (pushId !== undefined) return pushId;
    }
    throw new OnePushError('OVERLOADED');
  }

  return async (app, draft, caller) => {
    const since = performance.now();
    const idempotency = draft.idempotency && scopedKey(app, draft.idempotency);
    const share = quota.begin(app, idempotency);
    try {
      return await accept({ app, draft, caller, since, idempotency }, share);
    } catch (error) {
      share.giveBack();
      throw error;
    }
  };
}

interface Accepting {
  app: App;
  draft: PushDraft;
  caller: Caller | undefined;
  since: number;
  idempotency: IdempotencyKey | undefined;
}

/** A push to topics is written once, for however many devices. */
function deliveriesOf(resolution: Resolution | undefined): number {
  if (resolution === undefined) return 0;
  const { target } = resolution;
  return target.kind === 'directed' ? target.deviceNums.length : 1;
}

/** The key is the app's own; it is kept as a hash, since it may be long. */
function scopedKey(app: App, given: { key: string; digest: string }): IdempotencyKey {
  return {
    key: hashSecret(`${app.num}:${given.key}`),
    digest: given.digest,
    expiresAt: Date.now() + IDEMPOTENCY_LIFETIME,
  };
}
