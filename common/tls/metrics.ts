import type { Meters } from '../metrics.js';
import type { TlsSource } from './source.js';

/** Adds what is known of the files that TLS is spoken with. */
export function meterTls({ counter, gauge }: Pick<Meters, 'counter' | 'gauge'>, sources: readonly TlsSource[]): void {
  gauge(
    'onepush_tls_certificate_remaining_seconds',
    'Time until the certificate in use expires; below 0: it has.',
    () =>
      sources.flatMap((source) => {
        const { endsAt } = source.current();
        return endsAt === undefined ? [] : [{ labels: { use: source.use }, value: (endsAt - Date.now()) / 1000 }];
      }),
    'first',
  );
  counter('onepush_tls_reloads_total', 'Changes of the files of TLS, by whether they were loaded or refused.', () =>
    sources.flatMap((source) =>
      Object.entries(source.counts()).map(([outcome, value]) => ({ labels: { use: source.use, outcome }, value })),
    ),
  );
}
