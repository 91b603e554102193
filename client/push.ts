import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Channel, ChannelEnvironment } from '../gen/onepush/v1/channel_pb.js';
import type { DeviceTokenSchema, Platform } from '../gen/onepush/v1/device_pb.js';
import {
  type InterruptionLevel,
  type Priority,
  type PushMsgType,
  SendPushRequestSchema,
  type WakePolicy,
} from '../gen/onepush/v1/push_pb.js';
import type { DeliveryState } from '../gen/onepush/v1/receipt_pb.js';
import { type EncodedRequest, encodeRequest, invalidRequest, isObject } from './requests.js';

/** The words of an enum, as REST has them. */
export type Word<E> = Exclude<keyof E, 'UNSPECIFIED'>;

/** Forms in which some fields may be written besides the schema's. */
interface Written {
  readonly platform: Word<typeof Platform> | 'ALL';
  readonly pushMsgType: Word<typeof PushMsgType>;
  readonly priority: Word<typeof Priority>;
  readonly wake: Word<typeof WakePolicy>;
  readonly interruption: Word<typeof InterruptionLevel>;
  readonly state: Word<typeof DeliveryState>;
  readonly channel: Word<typeof Channel>;
  readonly environment: Word<typeof ChannelEnvironment>;
  readonly push: Writable<MessageInitShape<typeof DeviceTokenSchema>>;
  readonly sendAt: Date;
}

/** A request in which words may stand for enums, and a `Date` for a time. */
export type Writable<T> = { [K in keyof T]: K extends keyof Written ? T[K] | Written[K] : T[K] };

/** A push; without an idempotency key it is given one. */
export type Push = Writable<MessageInitShape<typeof SendPushRequestSchema>> & {
  /** Made into `extraJson` by JSON.stringify. Where digits matter beyond those of a number, give `extraJson`. */
  readonly extra?: object | string | number | boolean;
};

/**
 * Encodes a push.
 *
 * @throws CallError INVALID_ARGUMENT naming the fields that no push can have
 */
export function encodePush(push: Push): EncodedRequest<typeof SendPushRequestSchema> {
  // Whoever writes JavaScript may send anything.
  const given: unknown = push;
  if (!isObject(given)) return encodeRequest(SendPushRequestSchema, given);
  const { extra, ...rest } = push;
  const json = extra === undefined || extra === null ? rest.extraJson : toJson(extra, rest.extraJson);
  return encodeRequest(SendPushRequestSchema, {
    ...rest,
    extraJson: json,
    idempotencyKey: rest.idempotencyKey || randomUUID(),
  });
}

function toJson(extra: unknown, extraJson: unknown): string {
  if (extraJson) throw invalidRequest([{ field: 'extra', rule: 'must not be there beside extraJson' }]);
  let json: string | undefined;
  try {
    // Undefined for what JSON does not know, such as a function.
    json = JSON.stringify(extra) as string | undefined;
  } catch {
    // It has a BigInt, or is in itself.
  }
  if (json === undefined) throw invalidRequest([{ field: 'extra', rule: 'must be what JSON.stringify can write' }]);
  return json;
}
