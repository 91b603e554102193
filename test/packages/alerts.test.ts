import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';

const RULES = join(ROOT, 'deploy/prometheus/onepush.rules.yml');

/** Values of series, one a minute, in the notation of promtool: `0x3 1+2x3` is 0 0 0 0 1 3 5 7. */
type Series = Readonly<Record<string, string>>;

const ERRORS = 'onepush_http_seconds_count{route="/msgpush/send",status="5xx"}';
const SENDS = 'onepush_http_seconds_bucket{route="/msgpush/send",status="2xx"';
const wakes = (outcome: string) => `onepush_wakes_total{channel="FCM",outcome="${outcome}"}`;
/** A core and an edge that work, half an hour long. */
const HEALTHY: Series = {
  'up{job="onepush-core"}': '1x30',
  'up{job="onepush-edge"}': '1x30',
  onepush_edges_attached: '1x30',
  onepush_links_attached: '1x30',
  onepush_delivery_sum_mismatches: '0x30',
  onepush_store_failures_total: '0x30',
  onepush_commit_in_doubt: '0x30',
  'onepush_waiting_items{kind="pushes"}': '20x30',
  'onepush_waiting_items{kind="settlements"}': '30000x30',
  'onepush_http_seconds_count{route="/msgpush/send",status="2xx"}': '0+600x30',
  [ERRORS]: '0x30',
  [`${SENDS},le="0.1"}`]: '0+600x30',
  [`${SENDS},le="5"}`]: '0+600x30',
  [`${SENDS},le="+Inf"}`]: '0+600x30',
  'onepush_event_loop_delay_seconds{quantile="0.99"}': '0.02x30',
  'onepush_event_loop_delay_seconds{quantile="1"}': '0.9x30',
  onepush_edge_waiting_max_bytes: '1000x30',
  'onepush_deliveries_ended_total{state="delivered"}': '0+600x30',
  'onepush_deliveries_ended_total{state="evicted"}': '7x30',
  'onepush_limited_total{limit="app_sends"}': '0+1x30',
  onepush_connections_refused_total: '3x30',
  onepush_edge_worker_restarts_total: '1x30',
  'onepush_channels{channel="FCM",state="ready"}': '2x30',
  [wakes('accepted')]: '0+100x30',
  [wakes('token_gone')]: '0+2x30',
  onepush_vendor_thread_restarts_total: '0x30',
  'onepush_webhooks{state="active"}': '1x30',
  'onepush_webhooks{state="failing"}': '0x30',
  'onepush_webhook_events_total{result="told"}': '0+60x30',
  'onepush_webhook_events_total{result="dead"}': '0x30',
  'onepush_tls_certificate_remaining_seconds{use="ports"}': '5000000x30',
  'onepush_tls_reloads_total{use="ports",outcome="refused"}': '0x30',
  onepush_link_reports_ignored_total: '0x30',
};

/** What is wrong, by the alert that says so: the series that differ, and those that are absent. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  OnePushProcessDown: { 'up{job="onepush-edge"}': '1x20 0x10' },
  OnePushNoCore: { onepush_edges_attached: undefined },
  OnePushNoEdge: { onepush_links_attached: undefined },
  OnePushSumsWrong: { onepush_delivery_sum_mismatches: '0x20 1x10' },
  OnePushDatabaseSilent: { onepush_store_failures_total: '0x20 1+6x10' },
  OnePushCommitInDoubt: { onepush_commit_in_doubt: '0x20 1x10' },
  OnePushEdgeWithoutCore: { onepush_links_attached: '1x20 0x10' },
  OnePushCallersAboutToBeRefused: { 'onepush_waiting_items{kind="pushes"}': '20x20 15000x10' },
  OnePushCallersGetErrors: { [ERRORS]: '0x20 60+60x10' },
  OnePushSendsSlow: { [`${SENDS},le="0.1"}`]: '0+500x30' },
  OnePushProcessBusy: { 'onepush_event_loop_delay_seconds{quantile="0.99"}': '0.3x30' },
  OnePushEdgeBehind: { onepush_edge_waiting_max_bytes: '1000x20 40000000x10' },
  OnePushMessagesGivenUp: { 'onepush_deliveries_ended_total{state="evicted"}': '7x20 8+1x10' },
  OnePushCallersLimited: { 'onepush_limited_total{limit="app_sends"}': '0+120x30' },
  OnePushConnectionsRefused: { onepush_connections_refused_total: '3x27 4x3' },
  OnePushWorkersDie: { onepush_edge_worker_restarts_total: '1x27 2x3' },
  // Between two refusals of a breaker it asks again, for some seconds or until a message comes.
  OnePushVendorDown: {
    'onepush_channels{channel="FCM",state="ready"}': '1x30',
    'onepush_channels{channel="FCM",state="down"}': '0x10 1x3 stale _ 1x3 stale _ 1x8',
    'onepush_channels{channel="FCM",state="trying"}': '_x15 1x1 stale _x3 1x1 stale _x7',
  },
  OnePushCredentialsLocked: { 'onepush_channels{channel="FCM",state="locked"}': '1x30' },
  OnePushTokensHeld: { [wakes('token_held')]: '0x5 1+1x25' },
  OnePushWakesFail: { [wakes('unreachable')]: '0+50x30' },
  OnePushVendorThreadDies: { onepush_vendor_thread_restarts_total: '0x27 1x3' },
  OnePushWebhookFails: { 'onepush_webhooks{state="failing"}': '0x10 1x20' },
  OnePushWebhookDeadLetters: { 'onepush_webhook_events_total{result="dead"}': '0x25 1x5' },
  OnePushCertificateEnds: { 'onepush_tls_certificate_remaining_seconds{use="ports"}': '1000000x30' },
  OnePushCertificateRefused: { 'onepush_tls_reloads_total{use="ports",outcome="refused"}': '0x25 1x5' },
  OnePushEdgeSaysTooMuch: { onepush_link_reports_ignored_total: '0x20 1+1x10' },
};

/** What nobody need be woken by. */
const BLIPS: Readonly<Record<string, Series>> = {
  'a call of the store that failed': { onepush_store_failures_total: '0x10 1x20' },
  'an edge that starts again': { 'up{job="onepush-edge"}': '1x20 0 1x9', onepush_links_attached: '1x20 0 1x9' },
  'a core that starts again': { onepush_store_failures_total: '9x20 0x10', onepush_edges_attached: '1x20 _ 0 1x8' },
  'a vendor that was away for some minutes': {
    'onepush_channels{channel="FCM",state="down"}': '0x10 1x5 stale _x13',
  },
};

/** Returns a test of promtool: which alerts were firing in the half hour of these series. */
function toTest(name: string, differing: Readonly<Record<string, string | undefined>>, firing: readonly string[]) {
  const series = Object.entries({ ...HEALTHY, ...differing }).flatMap(([series, values]) =>
    values === undefined ? [] : [{ series, values }],
  );
  return {
    name,
    interval: '1m',
    input_series: series,
    promql_expr_test: [
      {
        expr: 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[30m]))',
        eval_time: '30m',
        exp_samples: firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      },
    ],
  };
}

describe.runIf(spawnSync('promtool', ['--version']).status === 0)('the alerts', () => {
  it('each fire at their fault and at no other, and at nothing that passes', () => {
    const rules = execFileSync('grep', ['-oP', '(?<=- alert: ).+', RULES], { encoding: 'utf8' }).trim().split('\n');
    expect(Object.keys(FAULTS)).toEqual(rules);
    const tests = [
      toTest('all is well', {}, []),
      ...Object.entries(FAULTS).map(([alert, series]) => toTest(alert, series, [alert])),
      ...Object.entries(BLIPS).map(([name, series]) => toTest(name, series, [])),
    ];
    const folder = mkdtempSync(join(tmpdir(), 'onepush-alerts-'));
    try {
      const file = join(folder, 'tests.json');
      // Prometheus reads YAML, which takes JSON in.
      writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
      expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
