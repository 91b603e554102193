import { createPrivateKey } from 'node:crypto';
import { FormatRegistry, type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { TEXT_SETTINGS } from '../payload.js';
import { COMMON_SETTINGS, createSettingsReader } from '../settings.js';

FormatRegistry.Set('p256-key', (value) => {
  try {
    return createPrivateKey(value).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
});

/** An id of Apple's developer account. */
const AppleId = Type.String(ruled('must be ten capital letters or digits', { pattern: '^[A-Z0-9]{10}$' }));

const SETTINGS = Type.Object({
  /** The team that the key belongs to. */
  teamId: AppleId,
  keyId: AppleId,
  /** The .p8 file's text. */
  privateKey: Type.String(
    ruled('must be a private key of the curve P-256 in PEM, as the .p8 file has it', { format: 'p256-key' }),
  ),
  /** The app's bundle id. */
  bundle: Type.String(
    ruled('must be a bundle id of letters, digits, dots and hyphens', { pattern: '^[A-Za-z0-9.-]{1,155}$' }),
  ),
  /** The only environment that the key is for; both, where it is absent. */
  environment: Type.Optional(
    Type.Union(
      [Type.Literal('PRODUCTION'), Type.Literal('SANDBOX')],
      ruled('must be PRODUCTION or SANDBOX, or absent: then it is for both', {}),
    ),
  ),
  ...TEXT_SETTINGS,
  ...COMMON_SETTINGS,
});

/** Settings of APNs. */
export type ApnsSettings = Static<typeof SETTINGS>;

/** Reads settings of APNs. */
export const readApnsSettings = createSettingsReader(SETTINGS);
