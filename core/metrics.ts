import type { Reason } from '../common/errors.js';
import { byLabel, createMeters, type Sample, SECONDS, SIZES } from '../common/metrics.js';
import { meterTls } from '../common/tls/metrics.js';
import type { TlsSource } from '../common/tls/source.js';
import type { Tracing } from '../common/tracing/tracer.js';
import { meterSpans } from '../common/tracing/tracing.js';
import type { ObserveWake } from './channel/host.js';
import { type ChannelSource, createChannelMetrics } from './channel-metrics.js';
import type { DeliveryAudit } from './delivery/upkeep/delivery-audit.js';
import type { Retention } from './delivery/upkeep/retention.js';
import type { Waking } from './delivery/waking/waking.js';
import type { FollowingWebhooks } from './delivery/webhooks/webhooks.js';
import type { WriteCycle, WriteCycleOptions } from './delivery/writer/write-cycle.js';
import type { MetricSample } from './domain/server.js';
import type { EdgeLinkServer, LinkObserver } from './link/server.js';
import { type RegistrationSource, watchRegistrations } from './registration-metrics.js';
import type { AppLimits } from './registry/app-limits.js';
import type { Registry } from './registry/registry.js';
import type { ObserveCall } from './rpc/service/interceptors.js';
import type { NewPush, Store } from './store/store.js';
import { watchWebhooks } from './webhook-metrics.js';

/** Counts of the core, and readings of its parts. docs/operations.md says what each is for. */
export interface CoreMetrics {
  /** In Prometheus' text format. */
  page(): Promise<string>;
  /** The same as values, but for what is counted by size of each call and message. */
  samples(): Promise<MetricSample[]>;
  /** Told of each commit. */
  commit: NonNullable<WriteCycleOptions['observe']>;
  /** Pushes that are committed. */
  pushed(pushes: readonly NewPush[]): void;
  /** A push was recalled. */
  recalled(): void;
  /** Told of each message of the link. */
  link: LinkObserver;
  /** Told of each call. */
  call: ObserveCall;
  /** A call was not let in. */
  refused(reason: Reason): void;
  /** Told of each answer of a vendor. */
  wake: ObserveWake;
  /** From here on these are asked. */
  watch(sources: CoreSources): void;
}

/** The parts that are asked when the metrics are read. */
export interface CoreSources {
  /** Certificates. */
  tls: readonly TlsSource[];
  /** Ends of deliveries, and calls that failed. */
  store: Pick<Store, 'counts'>;
  /** Numbers of what waits. */
  cycle: Pick<WriteCycle, 'depths'>;
  /** Hits and misses of the caches. */
  registry: Pick<Registry, 'cacheCounts'>;
  /** Registrations without a token, and apps that take them. */
  registrations: RegistrationSource;
  /** Bytes that wait for edges. */
  edges: Pick<EdgeLinkServer, 'edges'>;
  /** Ways to devices that have no session. */
  channels: ChannelSource;
  /** The audit of deliveries. */
  sums: Pick<DeliveryAudit, 'counts'>;
  /** Counts of what was removed. */
  retention: Pick<Retention, 'counts'>;
  /** Refusals, by limit. */
  limits: Pick<AppLimits, 'refused'>;
  /** Counts of wakes. */
  waking: Pick<Waking, 'counts'>;
  /** Back ends that are told of receipts. */
  webhooks: Pick<FollowingWebhooks, 'counts'>;
  /** Counts of spans; undefined: traces are off. */
  tracing: Tracing | undefined;
}

/** Metrics with a value for each of many bounds, and of many labels. */
const BY_SIZE = new Set(['onepush_rpc_seconds', 'onepush_link_message_items']);

/** Returns metrics that count from now on. */
export function createCoreMetrics(): CoreMetrics {
  const meters = createMeters();
  const { counter, gauge, histogram, histograms } = meters;
  const accepted = { directed: 0, topics: 0 };
  let targeted = 0;
  let recalls = 0;
  counter('onepush_pushes_accepted_total', 'Pushes that were committed, by what they are for.', () =>
    byLabel('target', accepted),
  );
  counter(
    'onepush_deliveries_created_total',
    'Deliveries to devices that were committed with their pushes.',
    () => targeted,
  );
  counter('onepush_recalls_total', 'Pushes that were recalled.', () => recalls);

  const seconds = histogram('onepush_commit_seconds', 'How long a commit of the write cycle took.', SECONDS);
  const pushes = histogram('onepush_commit_pushes', 'Pushes in one commit of the write cycle.', SIZES);
  const settlements = histogram(
    'onepush_commit_settlements',
    'Ended deliveries, confirmations, cursors and published counts in one commit of the write cycle.',
    SIZES,
  );
  const linkItems = histograms(
    'onepush_link_message_items',
    'Items in one message of the link, by direction as this process sees it.',
    ['direction'],
    SIZES,
  );
  const callSeconds = histograms(
    'onepush_rpc_seconds',
    'How long calls of PushCore took, by what they came through, method and gRPC status.',
    ['transport', 'method', 'code'],
    SECONDS,
  );
  let ignored = 0;
  counter(
    'onepush_link_reports_ignored_total',
    'Reports of edges that did not show that they have had a session of the device.',
    () => ignored,
  );
  const refusals: Partial<Record<Reason, number>> = {};
  counter(
    'onepush_refusals_total',
    'Calls that were not let in, by reason: a wrong key, scope or token, or others.',
    () => byLabel('reason', refusals),
  );
  const [sent, received] = [linkItems('sent'), linkItems('received')];
  const wakes = createChannelMetrics(meters);

  return {
    page: () => meters.registry.metrics(),
    async samples() {
      const metrics = await meters.registry.getMetricsAsJSON();
      const own = metrics.filter(({ name }) => name.startsWith('onepush_') && !BY_SIZE.has(name));
      return own.flatMap(({ name, values }) =>
        // A histogram's have a name of their own, which its type leaves out.
        (values as (Sample & { metricName?: string })[]).map(({ metricName = name, labels, value }) => {
          const texts = Object.entries(labels).map(([label, text]) => [label, String(text)]);
          return { name: metricName, labels: Object.fromEntries(texts), value };
        }),
      );
    },
    commit(report) {
      seconds.observe(report.seconds);
      pushes.observe(report.pushes);
      settlements.observe(report.settlements);
    },
    pushed(committed) {
      for (const { target } of committed) {
        accepted[target.kind]++;
        if (target.kind === 'directed') targeted += target.deliveries.length;
      }
    },
    recalled() {
      recalls++;
    },
    link: {
      sent: (items) => sent.observe(items),
      received: (items) => received.observe(items),
      ignored: () => void ignored++,
    },
    refused(reason) {
      refusals[reason] = (refusals[reason] ?? 0) + 1;
    },
    call: (transport, method, code, took) => callSeconds(transport, method, code).observe(took),

    wake: wakes.observe,
    watch({ tls, store, cycle, registry, registrations, limits, edges, sums, retention, waking, ...parts }) {
      meterTls(meters, tls);
      meterSpans(meters, parts.tracing);
      counter('onepush_limited_total', 'Calls that were refused, by the limit that was reached.', () =>
        byLabel('limit', limits.refused()),
      );
      wakes.watch(parts.channels);
      watchWebhooks(meters, parts.webhooks);
      watchRegistrations(meters, registrations);
      counter(
        'onepush_deliveries_ended_total',
        'Deliveries to devices that ended, and confirmations of pushes to tags and everyone, by state.',
        async () => byLabel('state', (await store.counts()).ended),
      );
      counter(
        'onepush_store_failures_total',
        'Calls of the store that failed because it could not be reached.',
        async () => [{ labels: {}, value: (await store.counts()).unavailable }],
      );
      gauge('onepush_waiting_items', 'What waits for its commit: pushes, settlements, changes.', () => {
        const { inDoubt, ...waiting } = cycle.depths();
        return byLabel('kind', waiting);
      });
      gauge('onepush_commit_in_doubt', '1 while it is not known what became of the last commit.', () =>
        Number(cycle.depths().inDoubt),
      );
      counter('onepush_cache_lookups_total', 'Look-ups of apps, aliases, devices and topics, by result.', () =>
        Object.entries(registry.cacheCounts()).flatMap(([cache, { hits, misses }]) => [
          { labels: { cache, result: 'hit' }, value: hits },
          { labels: { cache, result: 'miss' }, value: misses },
        ]),
      );
      gauge('onepush_edges_attached', 'Edges that are attached.', () => edges.edges().length);
      gauge('onepush_edge_waiting_bytes', 'Bytes that wait for edges, all together.', () =>
        edges.edges().reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
      );
      gauge('onepush_edge_waiting_max_bytes', 'Bytes that wait for the edge for which most wait.', () =>
        Math.max(0, ...edges.edges().map(({ waitingBytes }) => waitingBytes)),
      );
      counter(
        'onepush_delivery_sums_checked_total',
        'Pushes whose deliveries were added up.',
        () => sums.counts().checked,
      );
      gauge(
        'onepush_delivery_sum_mismatches',
        'Different pushes, since the start, whose deliveries did not add up.',
        () => sums.counts().mismatches,
      );
      counter('onepush_rows_removed_total', 'Rows that nobody needed any more and that were removed, by kind.', () =>
        byLabel('kind', retention.counts()),
      );
      counter('onepush_wakes_planned_total', 'Wakes of devices that were planned.', () => waking.counts().planned);
      counter(
        'onepush_wakes_claimed_total',
        'Wakes that were due and still needed, and were handed to the vendors.',
        () => waking.counts().claimed,
      );
      counter(
        'onepush_wakes_cancelled_total',
        'Wakes that were not needed any more when they were due.',
        () => waking.counts().cancelled,
      );
    },
  };
}
