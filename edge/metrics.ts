import type { Registry } from 'prom-client';
import { byLabel, createMeters, SECONDS, SIZES } from '../common/metrics.js';
import { meterTls } from '../common/tls/metrics.js';
import type { TlsSource } from '../common/tls/source.js';
import type { Tracing } from '../common/tracing/tracer.js';
import { meterSpans } from '../common/tracing/tracing.js';
import type { AddressLimits } from './address-limits.js';
import type { Connections } from './connections.js';
import type { ObserveAnswer } from './http/exchange.js';
import type { CoreLink, LinkObserver } from './link/client.js';
import type { TransportName } from './ws/connection.js';
import type { Hub } from './ws/hub.js';
import type { SocketObserver } from './ws/server.js';
import type { SocketSession } from './ws/session.js';

/** Counts of one edge process, and readings of its parts. docs/operations.md says what each is for. */
export interface EdgeMetrics {
  /** The registry of prom-client that has them. */
  readonly registry: Registry;
  /** Told of each answer. */
  http: ObserveAnswer;
  /** Told of each socket. */
  sockets: SocketObserver;
  /** Told of each message of the link. */
  link: LinkObserver;
  /** From here on these are asked. */
  watch(sources: EdgeSources): void;
}

/** The parts that are asked when the metrics are read. */
export interface EdgeSources {
  /** Certificates. */
  tls: readonly TlsSource[];
  /** Sessions, and frames. */
  hub: Pick<Hub, 'sessions' | 'counts'>;
  /** The link, and what waits for it. */
  link: Pick<CoreLink, 'isAttached' | 'depths'>;
  /** Connections that were turned away. */
  connections: Pick<Connections, 'refused'>;
  /** Refusals, by limit. */
  limits: Pick<AddressLimits, 'refused'>;
  /** Counts of spans; undefined: traces are off. */
  tracing: Tracing | undefined;
}

/** Clients may close with any code: others than these are counted together. */
const CLOSE_CODES = [
  '1000',
  '1001',
  '1005',
  '1006',
  '1008',
  '1012',
  '4400',
  '4403',
  '4404',
  '4409',
  '4410',
  '4411',
  '4429',
  'other',
];

/** Returns metrics that count from now on. */
export function createEdgeMetrics(): EdgeMetrics {
  const meters = createMeters();
  const { registry, counter, gauge, histograms } = meters;
  const closed: Record<string, number> = Object.fromEntries(CLOSE_CODES.map((code) => [code, 0]));
  let opened = 0;
  let attachments = 0;
  counter('onepush_sessions_opened_total', 'Sessions that were opened.', () => opened);
  counter('onepush_sessions_closed_total', 'Sessions that were closed, by close code.', () => byLabel('code', closed));
  counter('onepush_link_attachments_total', 'How often a core has accepted the link.', () => attachments);
  const answerSeconds = histograms(
    'onepush_http_seconds',
    'From the head of a request to its answer, by route and class of status.',
    ['route', 'status'],
    SECONDS,
  );
  const linkItems = histograms(
    'onepush_link_message_items',
    'Items in one message of the link, by direction as this process sees it.',
    ['direction'],
    SIZES,
  );
  const [sent, received] = [linkItems('sent'), linkItems('received')];

  return {
    registry,
    http: (route, status, seconds) => answerSeconds(route, status).observe(seconds),
    sockets: {
      opened() {
        opened++;
      },
      closed(code) {
        const name = Object.hasOwn(closed, code) ? String(code) : 'other';
        closed[name] = (closed[name] ?? 0) + 1;
      },
    },
    link: {
      attached() {
        attachments++;
      },
      sent: (items) => sent.observe(items),
      received: (items) => received.observe(items),
    },

    watch({ tls, hub, link, connections, limits, tracing }) {
      counter('onepush_limited_total', 'Calls and connections that were refused, by the limit that was reached.', () =>
        byLabel('limit', limits.refused()),
      );
      meterTls(meters, tls);
      meterSpans(meters, tracing);
      gauge('onepush_sessions', 'Sessions that are open, by where they stand.', () =>
        byLabel('state', countStates(hub.sessions())),
      );
      gauge('onepush_transport_sessions', 'Sessions that are open, by what carries their messages.', () =>
        byLabel('transport', countTransports(hub.sessions())),
      );
      counter(
        'onepush_connections_refused_total',
        'Connections that were closed at once since no descriptors are left.',
        () => connections.refused(),
      );
      counter('onepush_frames_total', 'Messages for sockets, by what became of them.', () =>
        byLabel('result', hub.counts().frames),
      );
      counter(
        'onepush_redeliveries_total',
        'Messages that were sent again because they were not confirmed.',
        () => hub.counts().redelivered,
      );
      gauge(
        'onepush_unconfirmed_bytes',
        'Messages that are kept until they are confirmed.',
        () => hub.counts().unconfirmedBytes,
      );
      gauge(
        'onepush_unacknowledged_bytes',
        'Messages that sockets were handed and whose devices have not acknowledged them.',
        () => hub.counts().unacknowledgedBytes,
      );
      counter(
        'onepush_sessions_dead_total',
        'Sessions that were closed since their devices did not acknowledge what they were sent.',
        () => hub.counts().dead,
      );
      gauge('onepush_links_attached', 'Links that a core has accepted: one for each process.', () =>
        Number(link.isAttached()),
      );
      gauge('onepush_link_open_calls', 'Calls that wait for the answer of the core.', () => link.depths().openCalls);
      gauge(
        'onepush_link_waiting_bytes',
        'Calls that wait for the link to take them.',
        () => link.depths().waitingBytes,
      );
    },
  };
}

function countStates(sessions: Iterable<SocketSession>): Record<SocketSession['state'], number> {
  const states: Record<SocketSession['state'], number> = { announced: 0, resumed: 0, live: 0, stalled: 0 };
  for (const { state } of sessions) states[state]++;
  return states;
}

function countTransports(sessions: Iterable<SocketSession>): Record<TransportName, number> {
  const transports: Record<TransportName, number> = { websocket: 0, events: 0, poll: 0 };
  for (const { transport } of sessions) transports[transport]++;
  return transports;
}
