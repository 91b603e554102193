import { create } from '@bufbuild/protobuf';
import { type Static, Type } from '@sinclair/typebox';
import { findTokenViolations, TOKEN_CHANNELS } from '../../common/contract/device-token.js';
import { HeaderText, Label, LIMITS, ruled, Word } from '../../common/contract/fields.js';
import { OnePushError, type Violation } from '../../common/errors.js';
import { Channel, ChannelEnvironment, type DeviceToken, DeviceTokenSchema } from '../link/wire.js';

const Keys = Type.Object(
  { p256dh: Label(LIMITS.subscriptionKey, 1), auth: Label(LIMITS.subscriptionSecret, 1) },
  ruled('must be the keys of the subscription', {}),
);

/** The member `push` of a registration's body: the token by which a vendor reaches the device. */
export const VendorToken = Type.Object(
  {
    channel: Word(TOKEN_CHANNELS),
    token: Type.Optional(Label(LIMITS.nativeToken, 1)),
    environment: Type.Optional(Word(['PRODUCTION', 'SANDBOX'])),
    bundle: Type.Optional(HeaderText(LIMITS.name)),
    keys: Type.Optional(Keys),
    /** Of WEB_PUSH in the place of `token` and `keys`: as the browser gives it. */
    subscription: Type.Optional(
      Type.Object(
        { endpoint: Label(LIMITS.nativeToken, 1), keys: Keys },
        ruled('must be the subscription as the browser gives it', {}),
      ),
    ),
  },
  ruled('must be an object', {}),
);

const OWN_NAMES = { token: 'push.token', keys: 'push.keys' };
const NAMES_IN_SUBSCRIPTION = { token: 'push.subscription.endpoint', keys: 'push.subscription.keys' };
const TOKEN_RULE = `is required: it must be a string of 1 to ${LIMITS.nativeToken} characters`;

/** @throws OnePushError INVALID_FIELDS for what its channel cannot have */
export function toDeviceToken(given: Static<typeof VendorToken>): DeviceToken {
  const { channel, environment, bundle, subscription } = given;
  const { token, keys } =
    subscription === undefined ? given : { token: subscription.endpoint, keys: subscription.keys };
  if (token === undefined) throw refusal([{ field: OWN_NAMES.token, rule: TOKEN_RULE }]);
  const names = subscription === undefined ? OWN_NAMES : NAMES_IN_SUBSCRIPTION;
  const violations = [...misplaced(given), ...findTokenViolations({ channel, token, environment, keys }, names)];
  if (violations.length > 0) throw refusal(violations);
  return create(DeviceTokenSchema, {
    channel: Channel[channel],
    token,
    environment: ChannelEnvironment[environment ?? 'UNSPECIFIED'],
    bundle: bundle ?? '',
    keys,
  });
}

function misplaced({ channel, token, keys, subscription }: Static<typeof VendorToken>): Violation[] {
  if (subscription === undefined) return [];
  if (channel !== 'WEB_PUSH') {
    return [{ field: 'push.subscription', rule: 'must be absent: only WEB_PUSH has one' }];
  }
  const beside = (field: string): Violation => ({ field, rule: 'must not be there beside push.subscription' });
  return [
    ...(token === undefined ? [] : [beside(OWN_NAMES.token)]),
    ...(keys === undefined ? [] : [beside(OWN_NAMES.keys)]),
  ];
}

function refusal(violations: readonly Violation[]): OnePushError {
  return new OnePushError('INVALID_FIELDS', { violations });
}
