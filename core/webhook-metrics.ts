import { byLabel, type Meters } from '../common/metrics.js';
import type { FollowingWebhooks } from './delivery/webhooks/webhooks.js';

/** Adds the metrics of webhooks. */
export function watchWebhooks({ counter, gauge }: Meters, webhooks: Pick<FollowingWebhooks, 'counts'>): void {
  counter('onepush_webhook_requests_total', 'Requests to back ends of webhooks, by outcome.', () =>
    byLabel('outcome', webhooks.counts().requests),
  );
  counter(
    'onepush_webhook_events_total',
    'Events of webhooks: told, or dead letters, or dead letters that had to go for newer ones.',
    () => byLabel('result', webhooks.counts().events),
  );
  gauge('onepush_webhooks', 'Webhooks, by state.', () => byLabel('state', webhooks.counts().states));
  gauge(
    'onepush_webhook_lag_seconds',
    'Age of the oldest event that an enabled webhook was not told yet.',
    () => webhooks.counts().lagMs / 1000,
  );
}
