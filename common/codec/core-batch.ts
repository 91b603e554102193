import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import {
  type CoreBatch,
  type Delivery,
  type Item,
  ItemSchema,
  type Reply,
  ReplySchema,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { SendPushResponse } from '../../gen/onepush/v1/push_pb.js';
import { readMessage, readPackedDoubles, readPackedUint32, unusual } from './reading.js';
import type { Writer } from './writer.js';

/** What a core sends. Fields and tags are the schema's. */
export function readCoreBatch(reader: BinaryReader, end: number): CoreBatch {
  const batch: CoreBatch = {
    $typeName: 'onepush.link.v1.CoreBatch',
    number: 0,
    committed: 0,
    replies: [],
    items: [],
  };
  while (reader.pos < end) {
    switch (reader.uint32()) {
      case 8:
        batch.number = reader.uint32();
        break;
      case 16:
        batch.committed = reader.uint32();
        break;
      case 26:
        batch.replies.push(readReply(reader));
        break;
      case 34:
        batch.items.push(readItem(reader));
        break;
      default:
        unusual();
    }
  }
  return batch;
}

/** The answer to a send; any other by its descriptor. */
function readReply(reader: BinaryReader): Reply {
  const start = reader.pos;
  const end = reader.uint32() + reader.pos;
  const reply: Reply = { $typeName: 'onepush.link.v1.Reply', id: 0, result: { case: undefined } };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) reply.id = reader.uint32();
    else if (tag === 34 && reply.result.case === undefined) {
      reply.result = { case: 'sendPush', value: readMessage(reader, readSendPushResponse) };
    } else {
      reader.pos = start;
      return fromBinary(ReplySchema, reader.bytes());
    }
  }
  if (reader.pos !== end) unusual();
  return reply;
}

function readSendPushResponse(reader: BinaryReader, end: number): SendPushResponse {
  const response: SendPushResponse = { $typeName: 'onepush.v1.SendPushResponse', requestId: '' };
  while (reader.pos < end) {
    if (reader.uint32() !== 10) unusual();
    response.requestId = reader.string(true);
  }
  return response;
}

/** A delivery; any other item by its descriptor. */
function readItem(reader: BinaryReader): Item {
  const start = reader.pos;
  const end = reader.uint32() + reader.pos;
  if (reader.pos < end && reader.uint32() === 10) {
    const value = readMessage(reader, readDelivery);
    if (reader.pos !== end) unusual();
    return { $typeName: 'onepush.link.v1.Item', item: { case: 'delivery', value } };
  }
  reader.pos = start;
  return fromBinary(ItemSchema, reader.bytes());
}

function readDelivery(reader: BinaryReader, end: number): Delivery {
  const delivery: Delivery = {
    $typeName: 'onepush.link.v1.Delivery',
    pushId: 0,
    frame: new Uint8Array(0),
    slots: [],
    deliveryIds: [],
    confirmUntil: 0,
  };
  while (reader.pos < end) {
    switch (reader.uint32()) {
      case 9:
        delivery.pushId = reader.double();
        break;
      case 18:
        delivery.frame = reader.bytes();
        break;
      case 26:
        readPackedUint32(reader, delivery.slots);
        break;
      case 34:
        readPackedDoubles(reader, delivery.deliveryIds);
        break;
      case 41:
        delivery.confirmUntil = reader.double();
        break;
      default:
        unusual();
    }
  }
  return delivery;
}

export function writeCoreBatch(writer: Writer, batch: CoreBatch): void {
  if (batch.number !== 0) writer.uint32(8, batch.number);
  if (batch.committed !== 0) writer.uint32(16, batch.committed);
  for (const reply of batch.replies) writeReply(writer, reply);
  for (const item of batch.items) writeItem(writer, item);
}

function writeReply(writer: Writer, reply: Reply): void {
  if (reply.result.case !== 'sendPush') {
    writer.bytes(26, toBinary(ReplySchema, reply));
    return;
  }
  const mark = writer.begin(26);
  if (reply.id !== 0) writer.uint32(8, reply.id);
  const response = writer.begin(34);
  if (reply.result.value.requestId !== '') writer.string(10, reply.result.value.requestId);
  writer.end(response);
  writer.end(mark);
}

function writeItem(writer: Writer, item: Item): void {
  if (item.item.case !== 'delivery') {
    writer.bytes(34, toBinary(ItemSchema, item));
    return;
  }
  const { pushId, frame, slots, deliveryIds, confirmUntil } = item.item.value;
  const outer = writer.begin(34);
  const inner = writer.begin(10);
  if (pushId !== 0) writer.double(9, pushId);
  if (frame.length > 0) writer.bytes(18, frame);
  if (slots.length > 0) writer.packedUint32(26, slots);
  if (deliveryIds.length > 0) writer.packedDoubles(34, deliveryIds);
  if (confirmUntil !== 0) writer.double(41, confirmUntil);
  writer.end(inner);
  writer.end(outer);
}
