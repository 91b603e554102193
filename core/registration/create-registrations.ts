import type { Logger } from '../../common/logs/log.js';
import type { Device } from '../domain/device.js';
import { createSecretBox } from '../sealing/secret-box.js';
import { createRegistrationCheck } from './check-registration.js';
import { createPublishedKeys } from './jwks.js';
import { createOpenApps, type OpenApps } from './open-apps.js';
import type { RegistrationCheck } from './registration.js';
import { createSigningKeys, type UsableSigningKeys } from './signing-keys.js';

/** All that says who may register devices. */
export interface Registrations {
  /** Says whether a registration may be made. */
  readonly check: RegistrationCheck;
  /** Keys that registration tokens are checked with. */
  readonly signingKeys: UsableSigningKeys;
  /** Apps that anybody can register devices of. */
  readonly openApps: OpenApps;
  /** Ends all connections. */
  close(): void;
}

/** @param options `keys`: those of the store, of which the first encrypts and all decrypt */
export function createRegistrations(options: {
  store: {
    countOpenApps(): Promise<number>;
    findDevicesByToken(pairs: readonly { appNum: number; nativeToken: string }[]): Promise<readonly Device[]>;
  };
  keys: readonly Uint8Array[];
  log: Logger;
}): Registrations {
  const { store, keys, log } = options;
  const published = createPublishedKeys();
  const signingKeys = createSigningKeys({ box: createSecretBox(keys), published });
  return {
    check: createRegistrationCheck({ keys: signingKeys, findDevicesByToken: store.findDevicesByToken }),
    signingKeys,
    openApps: createOpenApps({ countOpenApps: store.countOpenApps, log }),
    close: published.close,
  };
}
