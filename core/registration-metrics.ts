import type { Meters } from '../common/metrics.js';

/** Registrations, asked when the metrics are read. */
export interface RegistrationSource {
  /** Registrations without a token of apps that are BOTH. */
  readonly check: { unsigned(): Iterable<[appId: string, registrations: number]> };
  /** Apps that anybody can register devices of. */
  readonly openApps: { counts(): { readonly open: number; readonly isExposed: boolean } };
}

/** Adds the metrics of who may register devices. */
export function watchRegistrations({ counter, gauge }: Meters, { check, openApps }: RegistrationSource): void {
  counter(
    'onepush_unsigned_registrations_total',
    'Registrations without a token of apps that are on the way from OPEN to SIGNED, by app.',
    () => Array.from(check.unsigned(), ([app, value]) => ({ labels: { app }, value })),
  );
  gauge(
    'onepush_open_apps',
    'Apps that take unsigned registrations, by how far away these can come from: loopback, or the network.',
    () => {
      const { open, isExposed } = openApps.counts();
      return [
        { labels: { from: 'loopback' }, value: isExposed ? 0 : open },
        { labels: { from: 'network' }, value: isExposed ? open : 0 },
      ];
    },
  );
}
