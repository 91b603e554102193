import type { Logger } from '../../common/logs/log.js';
import { hashSecret } from '../../common/secrets.js';
import { createCommitEffects } from '../../core/delivery/commit-effects.js';
import { type AcceptPush, createAcceptPush } from '../../core/delivery/push/accept-push.js';
import { createRecallCheck } from '../../core/delivery/sessions/recall-check.js';
import { createSessions, type Sessions } from '../../core/delivery/sessions/sessions.js';
import { createWriteCycle, type WriteCycle } from '../../core/delivery/writer/write-cycle.js';
import type { App } from '../../core/domain/app.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import { createEdgeLink, type EdgeLinkServer } from '../../core/link/server.js';
import { createTickets } from '../../core/link/tickets.js';
import { createRegistry } from '../../core/registry/registry.js';
import type { PushCoreHandlers } from '../../core/rpc/service/handlers.js';
import { CORE } from '../../core/store/sql/fence.js';
import type { Store } from '../../core/store/store.js';
import { ADMIT_ALL } from '../support/callers.js';
import { unlimited } from '../support/limits.js';
import { owned } from '../support/owned.js';
import { LINK_TOKEN } from '../support/process.js';

/** Seconds that a push without needConfirm waits. */
export const OFFLINE_TTL = 20;
export const APP_ID = 'app';

/** The core, put together as its process does, but for its ports and its sweeper. */
export interface Core {
  app: App;
  cycle: WriteCycle;
  acceptPush: AcceptPush;
  link: EdgeLinkServer;
  /** Writes down how far sessions have read, as its process does every few seconds. */
  checkpoint(): Promise<void>;
  /** Nothing of it goes on any more. Resolves when what was under way in the store has ended. */
  kill(): Promise<void>;
}

export async function startCore(options: {
  store: Store;
  now: () => number;
  log: Logger;
  /** Told of every call of the store. */
  active: () => void;
  /** How many turns of the loop a look-up takes. */
  slowness: () => number;
}): Promise<Core> {
  const { now, log } = options;
  const { store, kill } = killable(options);
  await owned(store);
  await store.commitApps([{ id: APP_ID, name: APP_ID, keyHash: hashSecret('key'), now: now() }]);
  const highest = await store.loadHighestIds();
  const registry = createRegistry(store);
  const cycle: WriteCycle = createWriteCycle({
    store,
    pushIds: createIdClock(CORE, highest.push, now),
    deliveryIds: createIdClock(CORE, highest.delivery, now),
    onCommit: createCommitEffects({
      registry,
      openApps: { refresh() {} },
      admins: { added() {}, removed() {} },
      get sessions() {
        return sessions;
      },
      limits: { pushed() {} },
      metrics: { pushed() {}, recalled() {} },
      jobs: { wake() {} },
      waking: { pushed() {}, credentialSet() {}, tokenSet() {} },
      channels: { set() {}, removed() {}, setHidesContent() {} },
      webhooks: { set() {}, removed() {}, replayed() {}, appChanged() {} },
    }),
    fenced: () => log.error({}, 'fenced'),
    log,
    now,
  });
  const sessions: Sessions = createSessions({ store, cycle, log, now });
  return {
    app: await registry.getApp(APP_ID),
    cycle,
    acceptPush: createAcceptPush(registry, store, cycle, OFFLINE_TTL, unlimited()),
    // The edge makes no calls here.
    link: createEdgeLink({
      handlers: {} as PushCoreHandlers,
      admit: ADMIT_ALL,
      sessions,
      cycle,
      recalls: createRecallCheck({ store, log }),
      answerEdge: () => Promise.reject(new Error('edges call nothing here')),
      holdsLease: () => true,
      linkToken: LINK_TOKEN,
      tickets: createTickets(options.store.linkKey()),
      log,
      observer: {
        sent: () => undefined,
        received: () => undefined,
        // Of an edge that does as it should none is.
        ignored: () => log.error({}, 'a report was ignored'),
      },
    }),
    checkpoint: sessions.checkpoint,
    kill,
  };
}

/** The store as one core sees it: once the core is killed, no call begins, and none is answered. */
function killable(options: { store: Store; active: () => void; slowness: () => number }): {
  store: Store;
  kill(): Promise<void>;
} {
  const { store, active, slowness } = options;
  const pending = new Set<Promise<unknown>>();
  let killed = false;
  const never = new Promise<never>(() => {});
  const proxy = new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        if (killed) return never;
        active();
        const call: Promise<unknown> = Reflect.apply(method, target, args);
        pending.add(call);
        try {
          const answer = await call;
          for (let turn = String(name).startsWith('commit') ? 0 : slowness(); turn > 0; turn--) {
            await new Promise((resolve) => setImmediate(resolve));
            active();
          }
          return answer;
        } finally {
          active();
          pending.delete(call);
          // biome-ignore lint/correctness/noUnsafeFinally: a killed core hears neither answers nor errors
          if (killed) return never;
        }
      };
    },
  });
  return {
    store: proxy,
    async kill() {
      killed = true;
      await Promise.allSettled(pending);
    },
  };
}
