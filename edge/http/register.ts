import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { Label, LIMITS, Name, ruled, Word } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { parseBasic } from '../../common/http/basic.js';
import { bearerOf, parseDeviceId } from '../device-id.js';
import type { CoreLink } from '../link/client.js';
import {
  Platform,
  RegisterDeviceRequestSchema,
  RotateDeviceIdRequestSchema,
  UnregisterDeviceRequestSchema,
} from '../link/wire.js';
import type { Exchange } from './exchange.js';
import { createFields } from './fields.js';
import { readJsonBody } from './json-body.js';
import { toDeviceToken, VendorToken } from './vendor-token.js';

/** The fields of POST /msgpush/register. */
export const Body = Type.Object({
  alias: Name('a string'),
  appId: Label(LIMITS.name, 1),
  platform: Word(['ANDROID', 'IOS', 'PC', 'WEB']),
  nativeToken: Label(LIMITS.nativeToken, 1),
  mobile: Type.Optional(Label(LIMITS.mobile)),
  tag: Type.Optional(
    Type.Array(Name('a string'), ruled(`must be a list of at most ${LIMITS.tags} strings`, { maxItems: LIMITS.tags })),
  ),
  push: Type.Optional(VendorToken),
});
const fields = createFields(Body, {
  token: 'nativeToken',
  deviceToken: 'nativeToken',
  subscription: 'push.subscription',
  user: 'alias',
  userId: 'alias',
  phone: 'mobile',
});

/** Maximum number of characters of a registration token. */
const MAX_TOKEN = 8192;

/** POST /msgpush/register */
export async function register(exchange: Exchange, link: CoreLink): Promise<void> {
  const { text: clientAddress } = exchange.client();
  const body = await readJsonBody(exchange);
  const { alias, appId, platform, nativeToken, mobile, tag, push } = fields.read(exchange, body);
  const request = create(RegisterDeviceRequestSchema, {
    alias,
    appId,
    platform: Platform[platform],
    nativeToken,
    mobile: mobile ?? '',
    tags: tag ?? [],
    push: push && toDeviceToken(push),
    registrationToken: registrationToken(exchange),
  });
  // Of the business system itself, which may register whomever it likes.
  const app = parseBasic(exchange.authorization);
  const result = await link.call({
    appId: app?.name ?? '',
    secret: app?.password ?? '',
    request: { case: 'registerDevice', value: request },
    clientAddress,
  });
  if (result.case !== 'registerDevice') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson({ id: result.value.deviceId });
}

/**
 * Returns the registration token; "" where there is none. What cannot be one becomes a malformed one: the core does not
 * look at it where the app is OPEN.
 */
function registrationToken({ authorization }: Exchange): string {
  const token = bearerOf(authorization);
  return token.length > MAX_TOKEN || /[^!-~]/.test(token) ? '-' : token;
}

/** POST /msgpush/unregister, or /msgpush/unregister/{deviceId} */
export async function unregister(exchange: Exchange, link: CoreLink): Promise<void> {
  const { text: clientAddress } = exchange.client();
  const request = create(UnregisterDeviceRequestSchema, { deviceId: deviceIdOf(exchange) });
  await link.call({ appId: '', secret: '', request: { case: 'unregisterDevice', value: request }, clientAddress });
  exchange.sendJson({});
}

/** POST /msgpush/rotate, or /msgpush/rotate/{deviceId} */
export async function rotate(exchange: Exchange, link: CoreLink): Promise<void> {
  const { text: clientAddress } = exchange.client();
  const value = create(RotateDeviceIdRequestSchema, { deviceId: deviceIdOf(exchange) });
  const request = { case: 'rotateDeviceId' as const, value };
  const result = await link.call({ appId: '', secret: '', request, clientAddress });
  if (result.case !== 'rotateDeviceId') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson({ id: result.value.deviceId });
}

/**
 * Returns the id in the path, or behind `Bearer`.
 *
 * @throws OnePushError UNKNOWN_DEVICE for what cannot be one
 */
export function deviceIdOf({ parameter, authorization, isStrict }: Exchange): string {
  const given = parameter === '' ? bearerOf(authorization) : parameter;
  const deviceId = parseDeviceId(given);
  if (deviceId === undefined || (isStrict && deviceId !== given)) throw new OnePushError('UNKNOWN_DEVICE');
  return deviceId;
}
