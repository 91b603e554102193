import { OnePushError } from '../../common/errors.js';
import type { Device } from '../domain/device.js';
import type { RegistrationCheck } from './registration.js';
import type { UsableSigningKeys } from './signing-keys.js';
import { verifyToken } from './verify-token.js';

/** Returns the check of registrations, which has counted nothing yet. */
export function createRegistrationCheck(options: {
  keys: Pick<UsableSigningKeys, 'candidates'>;
  /** Finds the device of a native token; for tokens that are bound to a device id. */
  findDevicesByToken: (pairs: readonly { appNum: number; nativeToken: string }[]) => Promise<readonly Device[]>;
  now?: () => number;
}): RegistrationCheck {
  const { keys, findDevicesByToken, now = Date.now } = options;
  const unsigned = new Map<string, number>();

  return {
    since: now(),
    unsignedOf: (appId) => unsigned.get(appId) ?? 0,
    unsigned: () => unsigned,
    async check(app, registration, token) {
      if (app.registration === 'OPEN') return;
      if (token === '') {
        if (app.registration === 'SIGNED') throw new OnePushError('REGISTRATION_TOKEN_MISSING');
        unsigned.set(app.id, (unsigned.get(app.id) ?? 0) + 1);
        return;
      }
      const { alias, apps, tags, device } = await verifyToken(token, app, { keys, now });
      if (!apps.includes(app.id)) throw new OnePushError('REGISTRATION_WRONG_APP');
      if (alias !== registration.alias) throw new OnePushError('REGISTRATION_WRONG_ALIAS');
      if (tags !== undefined && !registration.tags.every((tag) => tags.includes(tag))) {
        throw new OnePushError('REGISTRATION_WRONG_TAG');
      }
      if (device === undefined || device === registration.nativeToken) return;
      const [known] = await findDevicesByToken([{ appNum: app.num, nativeToken: registration.nativeToken }]);
      if (known?.id !== device) throw new OnePushError('REGISTRATION_WRONG_DEVICE');
    },
  };
}
