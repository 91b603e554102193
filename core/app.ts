import { setMaxListeners } from 'node:events';
import { createOpsServer } from '../common/http/ops.js';
import type { Logger } from '../common/logs/log.js';
import { hashSecret } from '../common/secrets.js';
import type { Service } from '../common/service.js';
import { isLoopback } from '../common/settings/env.js';
import { sleep } from '../common/timers.js';
import { createTlsSource, type TlsSource, toReload } from '../common/tls/source.js';
import type { Tracing } from '../common/tracing/tracer.js';
import { createChannels } from './channel/channels.js';
import { CHANNEL_KINDS } from './channel/kinds.js';
import type { CoreConfig } from './config.js';
import { createCommitEffects } from './delivery/commit-effects.js';
import { createAcceptPush } from './delivery/push/accept-push.js';
import { createEstimate } from './delivery/push/estimate-audience.js';
import { createJobRunner } from './delivery/push/job-runner.js';
import { createPushQuota } from './delivery/push/push-quota.js';
import { createRecallPush } from './delivery/push/recall-push.js';
import { createReceiptFeed } from './delivery/receipt-feed.js';
import { createRecallCheck } from './delivery/sessions/recall-check.js';
import { createSessions } from './delivery/sessions/sessions.js';
import { createPushTraces } from './delivery/tracing/push-traces.js';
import { createDeleteDevices } from './delivery/upkeep/delete-devices.js';
import { createInboxLimits } from './delivery/upkeep/inbox-limits.js';
import { createLeaseUpkeep } from './delivery/upkeep/lease.js';
import { createPeriodic } from './delivery/upkeep/periodic.js';
import { createSeenDevices } from './delivery/upkeep/seen-devices.js';
import { createUpkeep } from './delivery/upkeep/upkeep.js';
import { createWaking, type Waking } from './delivery/waking/waking.js';
import { createWebhooks } from './delivery/webhooks/webhooks.js';
import { createWriteCycle } from './delivery/writer/write-cycle.js';
import { createIdClock } from './domain/id-clock.js';
import { createAnswerEdge } from './link/edge-calls.js';
import { createEdgeLink } from './link/server.js';
import { createTickets } from './link/tickets.js';
import { loadSecrets } from './load-secrets.js';
import { createCoreMetrics } from './metrics.js';
import { openStore } from './open-store.js';
import { createWebhookSender } from './outbound/webhook-sender.js';
import { createRegistrations } from './registration/create-registrations.js';
import { createAdmins } from './registry/admins.js';
import { createAppLimits } from './registry/app-limits.js';
import { createRegistry } from './registry/registry.js';
import { createClientOf } from './rpc/connect/client.js';
import { openConsole } from './rpc/console/console.js';
import { createHealth } from './rpc/health.js';
import { createPorts } from './rpc/ports.js';
import { createAdmit } from './rpc/service/admission.js';
import { auditCalls } from './rpc/service/auditing.js';
import { createPushCore } from './rpc/service/push-core.js';
import { watchCalls } from './rpc/service/tracing.js';
import { createUseLog } from './rpc/service/use-log.js';
import { createSecretBox } from './sealing/secret-box.js';
import { createServerStatus } from './server-status.js';
import { addressOf, reservePort } from './shards/core-address.js';
import { takeOver } from './shards/takeover.js';
import { CORE } from './store/sql/fence.js';

/** Milliseconds between two looks at how far live sessions have read their topics. */
const CHECKPOINT_INTERVAL = 5000;
/**
 * Puts the core together. Nothing is opened before `start`.
 *
 * @param replaced called once, when another core has taken the database over: this one can do nothing any more
 * @param tracing absent: traces are off
 */
export function buildCore(config: CoreConfig, log: Logger, replaced: () => void, tracing?: Tracing): Service {
  let stop = async (): Promise<void> => {};
  const tls = config.tls && createTlsSource({ use: 'ports', files: config.tls, log });
  const edgeCa = config.edgeCa && createTlsSource({ use: 'link', files: config.edgeCa, log });
  const tlsSources = [tls, edgeCa].filter((source): source is TlsSource => source !== undefined);
  return {
    async start() {
      // First: whoever starts a second core by mistake is told of its port, and not of a lock.
      const port = await reservePort(config.grpcListen, 'ONEPUSH_GRPC_LISTEN');
      const store = await openStore(config.databaseUrl, log);
      await takeOver({ store, address: addressOf(port.address), log });
      if (config.bootstrapApp !== undefined) {
        const { id, key } = config.bootstrapApp;
        await store.commitApps([{ id, name: id, keyHash: hashSecret(key), now: Date.now() }]);
      }
      const highest = await store.loadHighestIds();
      const metrics = createCoreMetrics();
      const registry = createRegistry(store);
      const admins = createAdmins(config.adminToken, await store.loadAdminTokens());
      const limits = createAppLimits(config.appLimits);
      const quota = createPushQuota({ limits, registry, store });
      const isConnected = (deviceNum: number): boolean => sessions.presence(deviceNum) !== undefined;
      const inboxLimits = createInboxLimits({ store, limit: config.inboxLimit, isConnected });
      const receipts = createReceiptFeed(store, log);
      const channels = createChannels({ kinds: CHANNEL_KINDS, keys: config.secretKeys, log, observe: metrics.wake });
      const traces = tracing && createPushTraces(tracing.tracer);
      const webhooks = createWebhooks({
        sender: createWebhookSender({ hosts: config.webhookHosts }),
        sealer: createSecretBox(config.secretKeys),
        findTrace: traces?.headersOf,
        ...{ feed: receipts, store, registry, cycle: () => cycle, log },
      });
      const registrations = createRegistrations({ store, keys: config.secretKeys, log });
      const onCommit = createCommitEffects({
        traces,
        registry,
        openApps: registrations.openApps,
        admins,
        limits: inboxLimits,
        metrics,
        channels: channels.followers,
        webhooks,
        get sessions() {
          return sessions;
        },
        get jobs() {
          return jobs;
        },
        get waking() {
          return waking;
        },
      });
      const cycle = createWriteCycle({
        store,
        pushIds: createIdClock(CORE, highest.push),
        deliveryIds: createIdClock(CORE, Math.max(highest.push, highest.delivery)),
        onCommit,
        fenced() {
          log.fatal('another core has taken the database over: this one ends');
          replaced();
        },
        committed: receipts.committed,
        wakes: channels.directory.hasAny,
        log,
        observe: metrics.commit,
        traces,
      });
      // What devices receive and confirm passes the traces on its way.
      const reports = traces?.watch(cycle) ?? cycle;
      const seen = createSeenDevices({ cycle, log });
      const sessions = createSessions({
        store,
        cycle,
        log,
        began: seen.began,
        handedOut: traces?.handedOut,
        ended(device, end) {
          waking.sessionEnded(device, end);
          traces?.sessionEnded(device.num);
        },
      });
      const waking: Waking = createWaking({
        store,
        cycle,
        host: channels.host,
        directory: channels.directory,
        presence: sessions.presence,
        times: config.wakeTimes,
        smsLimits: config.smsLimits,
        traces,
        lastPush: highest.push,
        log,
      });
      const checkpoints = createPeriodic(CHECKPOINT_INTERVAL, sessions.checkpoint);
      const lease = createLeaseUpkeep({ store, cycle, lost: () => link.detachAll() });
      const jobs = createJobRunner({ registry, store, cycle, quota, log });
      const upkeep = createUpkeep({ store, cycle, limits: inboxLimits, seen, isConnected, config, log });
      // When all that follows commits is there.
      await registrations.openApps.refresh();
      if (!isLoopback(config.grpcListen.host) || !isLoopback(config.connectListen.host)) {
        registrations.openApps.exposed('core');
      }
      await loadSecrets({ channels, registrations, webhooks, store, cycle, config, log });
      const stopping = new AbortController();
      // One listener for each open stream.
      setMaxListeners(0, stopping.signal);
      const useLog = createUseLog(cycle);
      const service = createPushCore({
        registry,
        cycle,
        limits,
        acceptPush: createAcceptPush(registry, store, cycle, config.offlineTtl, quota, traces?.scheduled),
        recallPush: createRecallPush(cycle),
        deleteDevices: createDeleteDevices({ store, cycle, seen, isConnected }),
        estimateAudience: createEstimate(store, isConnected),
        queries: store,
        access: store,
        apps: store,
        server: createServerStatus({ config, store, metrics, coreId: CORE, edges: () => link.edges() }),
        receipts,
        presence: sessions.presence,
        channels,
        webhooks,
        webhookReports: store,
        registrations: registrations.check,
        signingKeys: registrations.signingKeys,
        stopping: stopping.signal,
        log,
      });
      const handlers = auditCalls(service, cycle, useLog);
      const watched = watchCalls(handlers, metrics.call, tracing?.tracer);
      const admit = createAdmit({ registry, admins, usage: useLog, refused: metrics.refused });
      const health = createHealth(cycle.checkWritable);
      const link = createEdgeLink({
        handlers: watched('link'),
        admit,
        observe: metrics.call,
        sessions,
        cycle: reports,
        recalls: createRecallCheck({ store, log }),
        answerEdge: createAnswerEdge({ ...health, store, cycle: reports, sessions }),
        holdsLease: store.holdsLease,
        linkToken: config.linkToken,
        tickets: createTickets(store.linkKey()),
        exposed: () => registrations.openApps.exposed('edge'),
        log,
        observer: metrics.link,
      });
      const clientOf = createClientOf(config.proxies);
      const { grpc, connect } = createPorts({
        handlers: watched,
        health,
        attach: link.attach,
        admit,
        origins: config.connectOrigins,
        clientOf,
        console: config.console
          ? openConsole({ registry, admins, clientOf, hasTls: tls !== undefined, log })
          : undefined,
        observe: metrics.call,
        tls,
        edgeCa,
        log,
      });
      metrics.watch({
        tls: tlsSources,
        store,
        cycle,
        registry,
        limits,
        registrations,
        edges: link,
        sums: upkeep.sums,
        retention: upkeep.retention,
        waking,
        channels,
        webhooks,
        tracing,
      });
      const ops = createOpsServer({ metrics: metrics.page, checkReadiness: health.checkReadiness, tls, log });
      await port.release();
      const addresses = {
        grpc: await grpc.listen(port.address),
        connect: await connect.listen(config.connectListen),
        ops: await ops.listen(config.opsListen),
      };
      stop = async () => {
        // Calls end first, so that what they brought is committed and answered; then the links, then the store.
        const end = performance.now() + config.drainSeconds * 1000;
        const left = () => Math.max(0, end - performance.now());
        stopping.abort();
        health.stop();
        const told = webhooks.stop(left() / 2);
        receipts.stop();
        const woken = waking.stop();
        await jobs.stop();
        checkpoints.stop();
        await upkeep.stop();
        await connect.stop(left());
        // What a vendor has not answered by then has an unknown outcome.
        await Promise.race([woken, sleep(left() / 2)]);
        await channels.host.stop();
        registrations.close();
        await woken;
        await told;
        await useLog.stop();
        await cycle.idle();
        await link.stop();
        const ended = grpc.stop(left());
        // While calls are under way nobody may take this core for one that is gone.
        const held = await reservePort(port.address, 'ONEPUSH_GRPC_LISTEN').catch(() => undefined);
        await ended;
        await cycle.idle();
        traces?.stop();
        lease.stop();
        await ops.stop();
        // Whoever cannot say so is known to be gone when its lease ends.
        await store.release().catch(() => {});
        await store.close();
        await held?.release();
      };
      jobs.start();
      waking.start();
      upkeep.start();
      checkpoints.start();
      useLog.start();
      lease.start();
      for (const source of tlsSources) source.start();
      return addresses;
    },
    stop: () => stop(),
    reload: toReload(tlsSources),
  };
}
