import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  findTokenViolations,
  isApnsToken,
  type TokenFields,
  toBase64Url,
} from '../../../common/contract/device-token.js';
import { OnePushError } from '../../../common/errors.js';
import {
  Platform,
  type RegisterDeviceRequest,
  type RegisteredTokenSchema,
  RegisteredToken_State as WireState,
  type DeviceToken as WireToken,
} from '../../../gen/onepush/v1/device_pb.js';
import type { DeviceToken, GivenToken, TokenChannel, TokenDetails, TokenState } from '../../domain/channel.js';
import { CHANNEL, ENVIRONMENT, WIRE_CHANNEL, WIRE_ENVIRONMENT } from './channel.js';

const STATE: Record<TokenState, WireState> = {
  active: WireState.ACTIVE,
  dead: WireState.DEAD,
  set_aside: WireState.SET_ASIDE,
};

/**
 * @param given one that keeps the rules of the schema: they leave the channels that have tokens
 * @throws OnePushError INVALID_FIELDS with what is wrong with it for its channel
 */
export function fromDeviceToken({ channel, token, environment, bundle, keys }: WireToken): DeviceToken {
  // See above.
  const known = CHANNEL[channel] as TokenChannel;
  const fields: TokenFields = { channel: known, token, environment: ENVIRONMENT[environment], keys };
  const violations = findTokenViolations(fields);
  if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
  return {
    ...fields,
    // Digits in either case are the same token.
    token: known === 'APNS' ? token.toLowerCase() : token,
    bundle: bundle === '' ? undefined : bundle,
    keys: keys && { p256dh: toBase64Url(keys.p256dh), auth: toBase64Url(keys.auth) },
  };
}

/** Returns the token that an app of before there was `push` means: an IOS device's native token is its APNs token. */
export function impliedToken({ platform, nativeToken }: RegisterDeviceRequest): GivenToken | undefined {
  if (platform !== Platform.IOS || !isApnsToken(nativeToken)) return undefined;
  return { channel: 'APNS', token: nativeToken.toLowerCase(), implied: true };
}

/** Returns a device's token as its app sees it. */
export function toWireToken(token: TokenDetails): MessageInitShape<typeof RegisteredTokenSchema> {
  return {
    channel: WIRE_CHANNEL[token.channel],
    environment: WIRE_ENVIRONMENT[token.environment],
    bundle: token.bundle ?? '',
    state: STATE[token.state],
    since: timestampFromMs(token.since),
    reason: token.reason ?? '',
    registeredAt: timestampFromMs(token.registeredAt),
  };
}
