import { OnePushError } from '../../../common/errors.js';
import type { WriteCycle } from '../../delivery/writer/write-cycle.js';
import { accessOf } from './access.js';
import { type CallContext, eachHandler, type PushCoreHandlers } from './handlers.js';
import type { UseLog } from './use-log.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;

/** Most entries in a minute about calls that failed: a caller that fails all the time must not fill the log. */
const FAILURES_PER_MINUTE = 60;
const MINUTE = 60_000;

/**
 * The same handlers; each call of an audited method has its entry in the audit log. A handler commits it with its
 * change where it can. What has failed after it was let in has an entry too, with the reason.
 */
export function auditCalls(
  handlers: PushCoreHandlers,
  cycle: Pick<WriteCycle, 'execute' | 'commands'>,
  usage: Pick<UseLog, 'counted'>,
  now: () => number = Date.now,
): PushCoreHandlers {
  let minute = 0;
  let failures = 0;

  function mayKeepFailure(): boolean {
    const current = Math.floor(now() / MINUTE);
    if (current !== minute) failures = 0;
    minute = current;
    return ++failures <= FAILURES_PER_MINUTE;
  }

  function each(handle: UnaryHandler): UnaryHandler {
    return async (request, call) => {
      try {
        const answer = await handle(request, call);
        if (!call.trail.used) {
          await cycle.execute(
            cycle.commands.keepAudit,
            undefined,
            call.trail.entry({ appId: appIdOf(call) || namedBy(request) }),
          );
        }
        return answer;
      } catch (error) {
        if (mayKeepFailure()) {
          const entry = { ...call.trail.entry({ appId: appIdOf(call) }), outcome: reasonOf(error) };
          // Nobody waits for it, least of all while the store is not there.
          cycle.execute(cycle.commands.keepAudit, undefined, entry).catch(() => {});
        }
        throw error;
      }
    };
  }

  function counted(handle: UnaryHandler): UnaryHandler {
    return async (request, call) => {
      const answer = await handle(request, call);
      usage.counted(call.trail.entry({ appId: appIdOf(call) }));
      return answer;
    };
  }

  const audited = [...eachHandler(handlers)].map(({ method, handler }) => {
    const access = accessOf(method);
    if (typeof access === 'string' || access.audited === undefined) return [method.localName, handler];
    // The methods that are audited have one request and one answer.
    const handle = handler as UnaryHandler;
    return [method.localName, access.audited === true ? each(handle) : counted(handle)];
  });
  // Each handler has the type of the one that it calls.
  return Object.fromEntries(audited) as PushCoreHandlers;
}

function appIdOf({ caller }: CallContext): string {
  return caller.kind === 'app' ? caller.app.id : '';
}

/** Returns the id of the app that the request of an admin names: there is one, since the call has succeeded. */
function namedBy(request: unknown): string {
  const { appId } = request as { readonly appId?: unknown };
  return typeof appId === 'string' ? appId : '';
}

function reasonOf(error: unknown): string {
  return error instanceof OnePushError ? error.reason : 'UNEXPECTED';
}
