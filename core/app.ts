import { setMaxListeners } from 'node:events';
import type { Logger } from '../common/log.js';
import { createOpsServer } from '../common/ops-server.js';
import { hashSecret } from '../common/secrets.js';
import type { Service } from '../common/service.js';
import type { CoreConfig } from './config.js';
import { createAcceptPush } from './delivery/accept.js';
import { createEstimate } from './delivery/estimate.js';
import { createInboxLimits, type InboxLimits } from './delivery/inbox-limits.js';
import { createJobRunner, type JobRunner } from './delivery/jobs.js';
import { createNeighbours, type Neighbours } from './delivery/neighbours.js';
import { createPeriodic } from './delivery/periodic.js';
import { createRecallPush } from './delivery/recall.js';
import { createRecallCheck } from './delivery/recall-check.js';
import { createReceiptFeed } from './delivery/receipt-feed.js';
import { createSessions, type Sessions } from './delivery/sessions.js';
import { createSumCheck } from './delivery/sum-check.js';
import { createSweeper } from './delivery/sweeper.js';
import { createWriteCycle, type Effects } from './delivery/write-cycle.js';
import { createIdClock } from './domain/id-clock.js';
import type { Engine, EngineMember } from './engine/engine.js';
import { createMemoryEngine } from './engine/memory.js';
import { type CoreMetrics, createCoreMetrics } from './metrics.js';
import { openStore } from './open-store.js';
import { createRegistry, type Registry } from './registry/registry.js';
import { createAdmit } from './rpc/admission.js';
import { createConnectServer } from './rpc/connect-server.js';
import { createEdgeLink } from './rpc/edge-link.js';
import { createGrpcServer } from './rpc/grpc-server.js';
import { createHealth } from './rpc/health.js';
import { observedCalls } from './rpc/observed-calls.js';
import { createPools } from './rpc/pools.js';
import { createPushCore } from './rpc/push-core.js';
import type { DeliveryOf } from './store/store.js';

/** Milliseconds between two looks at how far live sessions have read their topics. */
const CHECKPOINT_INTERVAL = 5000;
/** Milliseconds between two sets of sessions whose inboxes are looked at again. */
const LOOK_AGAIN_INTERVAL = 1000;

/** Puts the core together. Nothing is opened before `start`. `engine`: what it shares with other cores of the store. */
export function buildCore(config: CoreConfig, log: Logger, engine: Engine = createMemoryEngine()): Service {
  let stop = async (): Promise<void> => {};
  return {
    async start() {
      const store = await openStore(config.databaseUrl);
      if (config.bootstrapApp !== undefined) {
        const { id, key } = config.bootstrapApp;
        await store.commitApps([{ id, name: id, keyHash: hashSecret(key), now: Date.now() }]);
      }
      const member = await engine.join();
      await store.addCore(member.core);
      const highest = await store.loadHighestIds();
      const metrics = createCoreMetrics();
      const registry = createRegistry(store);
      const limits = createInboxLimits(store, config.inboxLimit);
      const receipts = createReceiptFeed(store, log);
      const effects = createEffects({
        registry,
        limits,
        metrics,
        engine: member,
        sessions: () => sessions,
        neighbours: () => neighbours,
        jobs: () => jobs,
      });
      const cycle = createWriteCycle({
        store,
        pushIds: createIdClock(member.core, highest.push),
        deliveryIds: createIdClock(member.core, highest.delivery),
        effects,
        committed: receipts.committed,
        log,
        observe: metrics.commit,
      });
      const sessions = createSessions({ store, cycle, routes: member, log });
      const neighbours = createNeighbours({ engine: member, sessions, registry, log });
      const checkpoints = createPeriodic(CHECKPOINT_INTERVAL, sessions.keepPositions);
      const looks = createPeriodic(LOOK_AGAIN_INTERVAL, sessions.lookAgain);
      const jobs = createJobRunner({ registry, store, cycle, log });
      const sweeper = createSweeper({ cycle, limits, retentionDays: config.retentionDays, log });
      const sums = createSumCheck({ store, interval: config.sumCheckInterval * 1000, log });
      const stopping = new AbortController();
      // One listener for each open stream.
      setMaxListeners(0, stopping.signal);
      const handlers = createPushCore({
        registry,
        cycle,
        acceptPush: createAcceptPush(registry, store, cycle, config.offlineTtl),
        recallPush: createRecallPush(cycle),
        estimateAudience: createEstimate(store, sessions),
        queries: store,
        receipts,
        presence: sessions.presence,
        adminToken: config.adminToken,
        stopping: stopping.signal,
        log,
      });
      const link = createEdgeLink({
        handlers: observedCalls(handlers, 'link', metrics.call),
        sessions,
        cycle,
        recalls: createRecallCheck({ store, log }),
        linkToken: config.linkToken,
        log,
        observer: metrics.link,
      });
      const health = createHealth(() => store.ping());
      const admit = createAdmit(registry, config.adminToken);
      const pools = createPools();
      const grpc = createGrpcServer({
        handlers: observedCalls(handlers, 'grpc', metrics.call),
        health: health.handlers,
        attach: link.attach,
        admit,
        pools,
        observe: metrics.call,
        log,
      });
      const connect = createConnectServer({
        handlers: observedCalls(handlers, 'connect', metrics.call),
        findObstacle: health.findObstacle,
        origins: config.connectOrigins,
        admit,
        pools,
        observe: metrics.call,
        log,
      });
      metrics.watch({ store, cycle, registry, edges: link, sums });
      const ops = createOpsServer({
        metrics: metrics.page,
        findObstacle: health.findObstacle,
        log,
      });
      const addresses = {
        grpc: await grpc.listen(config.grpcListen),
        connect: await connect.listen(config.connectListen),
        ops: await ops.listen(config.opsListen),
      };
      stop = async () => {
        // Calls end first, so that what they brought is committed and answered; then the links, then the store.
        const end = performance.now() + config.drainSeconds * 1000;
        const left = () => Math.max(0, end - performance.now());
        stopping.abort();
        health.stop();
        receipts.stop();
        await jobs.stop();
        checkpoints.stop();
        looks.stop();
        await sweeper.stop();
        await sums.stop();
        await connect.stop(left());
        await cycle.idle();
        await link.stop();
        await grpc.stop(left());
        await cycle.idle();
        await member.leave();
        await ops.stop();
        await store.close();
      };
      jobs.start();
      sweeper.start();
      checkpoints.start();
      looks.start();
      sums.start();
      return addresses;
    },
    stop: () => stop(),
  };
}

/** What is committed changes what is cached before it changes sessions, and both here before other cores are told. */
function createEffects(parts: {
  registry: Registry;
  limits: InboxLimits;
  metrics: CoreMetrics;
  engine: Pick<EngineMember, 'hasOthers' | 'announce'>;
  sessions: () => Sessions;
  neighbours: () => Neighbours;
  jobs: () => JobRunner;
}): Effects {
  const { registry, limits, metrics, engine, sessions, neighbours, jobs } = parts;
  function recalled(pushId: number): void {
    sessions().recalled(pushId);
    engine.announce({ kind: 'recalled', pushId });
  }
  function withdrawn(deliveries: readonly DeliveryOf[]): void {
    sessions().withdrawn(deliveries);
    engine.announce({ kind: 'withdrawn', deliveries });
  }
  return {
    pushed(pushes) {
      metrics.pushed(pushes);
      limits.pushed(pushes);
      sessions().pushed(pushes);
      if (engine.hasOthers()) neighbours().pushed(pushes);
    },
    recalled(pushId) {
      metrics.recalled();
      recalled(pushId);
    },
    replaced({ deliveries, topicPushes }) {
      for (const pushId of topicPushes) recalled(pushId);
      if (deliveries.length > 0) withdrawn(deliveries);
    },
    withdrawn,
    registered(result, registration) {
      registry.registered(result, registration.appNum, registration.tags);
      sessions().registered(result, registration);
      engine.announce({ kind: 'registered', result, registration });
    },
    unregistered(device) {
      registry.unregistered(device);
      sessions().unregistered(device);
      engine.announce({ kind: 'unregistered', device });
    },
    scheduled: (dueAt) => jobs().wake(dueAt),
    appChanged(id) {
      registry.appChanged(id);
      engine.announce({ kind: 'app', id });
    },
    uncertain() {
      registry.forget();
      engine.announce({ kind: 'uncertain' });
    },
  };
}
