import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { CallSchema, EdgeBatchSchema, SessionEventSchema } from '../../../gen/onepush/link/v1/edge_link_pb.js';
import { CreateAppRequestSchema, GetAppRequestSchema } from '../../../gen/onepush/v1/app_pb.js';
import { RegisterDeviceRequestSchema, UnregisterDeviceRequestSchema } from '../../../gen/onepush/v1/device_pb.js';
import { SendPushRequestSchema } from '../../../gen/onepush/v1/push_pb.js';
import type { Target } from '../target.js';
import { mutateBytes } from './bytes.js';
import { messageBytes, oddDouble } from './protobuf.js';
import type { Random } from './random.js';
import { fittingText, MARKER, oddText } from './values.js';

const LENGTH_DELIMITED = WireType.LengthDelimited;
const BATCH = EdgeBatchSchema.field;
const EVENT = SessionEventSchema.field;
const CALL = CallSchema.field;
const REQUESTS = [
  [CALL.registerDevice, RegisterDeviceRequestSchema],
  [CALL.unregisterDevice, UnregisterDeviceRequestSchema],
  [CALL.sendPush, SendPushRequestSchema],
  [CALL.createApp, CreateAppRequestSchema],
  [CALL.getApp, GetAppRequestSchema],
] as const;
const FITTING = { values: 0, structure: 0 };

/** The first message of an edge. */
export function helloBatch(edgeId: string): Buffer {
  const hello = new BinaryWriter().tag(1, LENGTH_DELIMITED).string(edgeId).tag(2, WireType.Varint).uint32(1).finish();
  const writer = numbered(1).tag(BATCH.hello.number, LENGTH_DELIMITED).bytes(hello);
  return Buffer.from(writer.finish());
}

/** A message with nothing but the question whether a push would be committed now. */
export function questionBatch(number: number, callId: number): Buffer {
  const call = new BinaryWriter().tag(CALL.id.number, WireType.Varint).uint32(callId);
  call.tag(CALL.checkReadiness.number, LENGTH_DELIMITED).bytes(new Uint8Array());
  return Buffer.from(numbered(number).tag(BATCH.calls.number, LENGTH_DELIMITED).bytes(call.finish()).finish());
}

/** A message that the core outlives, with calls of these ids and reports of what never was. */
export function oddBatch(number: number, callIds: readonly number[], random: Random, target: Target): Buffer {
  const writer = numbered(number);
  for (let left = random.below(5); left > 0; left--) {
    writer.tag(BATCH.events.number, LENGTH_DELIMITED).bytes(event(random, target));
  }
  for (const id of callIds) writer.tag(BATCH.calls.number, LENGTH_DELIMITED).bytes(call(id, random, target));
  if (random.chance(0.2)) writer.tag(BATCH.unconfirmed.number, WireType.Bit64).double(oddId(random));
  return Buffer.from(writer.finish());
}

/** A message after which the stream may end. */
export function brokenBatch(number: number, random: Random, target: Target): Buffer {
  const values = { values: 0.3, structure: 0.1 };
  switch (random.below(6)) {
    case 0:
      return questionBatch(random.pick([0, 1, number - 1, number + 1, 2 ** 32 - 1]), 1);
    case 1:
      return helloBatch(MARKER);
    case 2:
      return Buffer.from(
        numbered(number)
          .tag(BATCH.processed.number, WireType.Varint)
          .uint32(2 ** 31)
          .finish(),
      );
    case 3: {
      const field = random.pick([BATCH.delivered, BATCH.unconfirmed]);
      return Buffer.from(numbered(number).tag(field.number, WireType.Bit64).double(oddDouble(random)).finish());
    }
    case 4:
      return messageBytes(EdgeBatchSchema, random, target, values);
    default:
      return mutateBytes(oddBatch(number, [7], random, target), random);
  }
}

function numbered(number: number): BinaryWriter {
  return new BinaryWriter().tag(BATCH.number.number, WireType.Varint).uint32(number);
}

/** An id that no delivery and no push of others has: the core believes its edges. */
function oddId(random: Random): number {
  return random.pick([0, 2 ** 53 - 1, 2 ** 52 + random.below(1000)]);
}

function event(random: Random, target: Target): Uint8Array {
  const deviceId = random.chance(0.7) ? fittingText('deviceId', random, target) : oddText(random);
  const device = random.pick([0, 2 ** 32 - 1, 2 ** 31 + random.below(1000)]);
  const writer = new BinaryWriter();
  writer.tag(EVENT.kind.number, WireType.Varint).int32(random.pick([0, 1, 1, 2, 3, 4, 5, 6, 7, 99]));
  writer.tag(EVENT.slot.number, WireType.Varint).uint32(random.pick([0, 1, 2, random.below(20), 2 ** 32 - 1]));
  writer.tag(EVENT.deviceId.number, LENGTH_DELIMITED).string(deviceId);
  writer.tag(EVENT.device.number, WireType.Varint).uint32(device);
  writer.tag(EVENT.generation.number, WireType.Varint).uint32(random.pick([0, 1, 2 ** 32 - 1]));
  writer.tag(EVENT.page.number, WireType.Varint).uint32(random.pick([0, 1, 2, 2 ** 32 - 1]));
  if (random.chance(0.5)) writer.tag(EVENT.pushId.number, WireType.Bit64).double(oddId(random));
  return writer.finish();
}

function call(id: number, random: Random, target: Target): Uint8Array {
  const [request, schema] = random.pick(REQUESTS);
  const isAdmin = request === CALL.createApp || request === CALL.getApp;
  const secret = random.chance(0.2) ? oddText(random) : isAdmin ? target.adminToken : target.app.key;
  const oddness = random.chance(0.5) ? FITTING : { values: 0.2, structure: 0 };
  const writer = new BinaryWriter().tag(CALL.id.number, WireType.Varint).uint32(id);
  writer.tag(CALL.appId.number, LENGTH_DELIMITED).string(random.chance(0.9) ? target.app.id : oddText(random));
  writer.tag(CALL.secret.number, LENGTH_DELIMITED).string(secret);
  writer.tag(request.number, LENGTH_DELIMITED).bytes(messageBytes(schema, random, target, oddness));
  return writer.finish();
}
