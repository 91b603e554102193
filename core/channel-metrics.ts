import type { Meters, Sample } from '../common/metrics.js';
import type { ObserveWake } from './channel/host.js';

/** The channels, asked when the metrics are read. */
export interface ChannelSource {
  /** Returns how all stand. */
  counts(): {
    readonly channels: readonly { channel: string; state: string }[];
    readonly messages: readonly { channel: string; queued: number; inFlight: number }[];
    readonly restarts: number;
  };
}

/** Bounds of the time that a vendor takes, in seconds: by its promise a channel answers within ten. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** Words of the states, by those of the circuit breaker. */
const STATES: Readonly<Record<string, string>> = { closed: 'ready', open: 'down', half_open: 'trying' };

/** Adds the metrics of channels. */
export function createChannelMetrics({ counter, gauge, histograms }: Meters) {
  const outcomes = new Map<string, { labels: Record<string, string>; value: number }>();
  counter('onepush_wakes_total', 'Wakes that vendors were asked for, by channel and outcome.', () => outcomes.values());
  const seconds = histograms(
    'onepush_wake_seconds',
    'How long vendors took to answer, by channel.',
    ['channel'],
    SECONDS,
  );

  const observe: ObserveWake = (channel, outcome, took) => {
    const key = `${channel} ${outcome}`;
    const known = outcomes.get(key);
    if (known === undefined) outcomes.set(key, { labels: { channel, outcome }, value: 1 });
    else known.value++;
    seconds(channel).observe(took);
  };

  function watch(source: ChannelSource): void {
    gauge('onepush_channels', "Vendors' credentials, by channel and state.", () =>
      sums(
        source.counts().channels.map(({ channel, state }) => {
          return { labels: { channel, state: STATES[state] ?? state }, value: 1 };
        }),
      ),
    );
    gauge('onepush_wakes_queued', 'Wakes that wait for their turn at a vendor, by channel.', () =>
      sums(source.counts().messages.map(({ channel, queued }) => ({ labels: { channel }, value: queued }))),
    );
    gauge('onepush_wakes_in_flight', 'Wakes that vendors have not answered, by channel.', () =>
      sums(source.counts().messages.map(({ channel, inFlight }) => ({ labels: { channel }, value: inFlight }))),
    );
    counter(
      'onepush_vendor_thread_restarts_total',
      "Times that the thread of the vendors' work died.",
      () => source.counts().restarts,
    );
  }

  return { observe, watch };
}

/** Adds up those of the same labels. */
function sums(samples: readonly Sample[]): Iterable<Sample> {
  const found = new Map<string, { labels: Sample['labels']; value: number }>();
  for (const { labels, value } of samples) {
    const key = Object.values(labels).join(' ');
    const known = found.get(key);
    if (known === undefined) found.set(key, { labels, value });
    else known.value += value;
  }
  return found.values();
}
