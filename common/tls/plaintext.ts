import { type Address, isLoopback } from '../settings/env.js';
import type { SettingsReader } from '../settings/reader.js';
import type { ServerFiles } from './material.js';

/** Something of a process that other machines may see, by the setting that has its address. */
export interface Exposure {
  /** The addresses that it listens on, or connects to. */
  readonly addresses: readonly Address[];
  /** True if it is encrypted. */
  readonly isEncrypted: boolean;
  /** The settings that would encrypt it, in words. */
  readonly remedy: string;
}

/** The line of the log about what is allowed. */
export const PLAINTEXT_ALLOWED = 'plain text beyond this machine, as ONEPUSH_ALLOW_PLAINTEXT allows';

/** Returns the ports of a process as exposures, by their settings. */
export function portExposures(
  tls: ServerFiles | undefined,
  listeners: Readonly<Record<string, Address>>,
): Record<string, Exposure> {
  const remedy = 'ONEPUSH_TLS_CERT and ONEPUSH_TLS_KEY';
  return Object.fromEntries(
    Object.entries(listeners).map(([name, address]) => [
      name,
      { addresses: [address], isEncrypted: tls !== undefined, remedy },
    ]),
  );
}

/**
 * Checks that nothing that leaves this machine is plain text, unless ONEPUSH_ALLOW_PLAINTEXT is set. Every other case
 * is a problem of the settings.
 *
 * @param exposures by the setting that has the address
 * @returns the settings whose plain text was allowed
 */
export function findPlaintext(
  reader: Pick<SettingsReader, 'flag' | 'env'>,
  exposures: Readonly<Record<string, Exposure>>,
): string[] {
  const isAllowed = reader.flag('ONEPUSH_ALLOW_PLAINTEXT');
  const found: string[] = [];
  for (const [name, { addresses, isEncrypted, remedy }] of Object.entries(exposures)) {
    if (isEncrypted || addresses.every(({ host }) => isLoopback(host))) continue;
    found.push(name);
    if (isAllowed) continue;
    reader.env.problem(
      `${name} is plain text beyond this machine: set ${remedy}; or ONEPUSH_ALLOW_PLAINTEXT=1 where a proxy ` +
        'encrypts it or the network is private',
    );
  }
  return isAllowed ? found : [];
}
