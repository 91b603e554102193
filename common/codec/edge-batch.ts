import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import {
  type Call,
  CallSchema,
  type EdgeBatch,
  HelloSchema,
  type Published,
  type SessionEvent,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import { readSendPush, writeSendPush } from './push.js';
import { readMessage, readPackedDoubles, unusual } from './reading.js';
import type { Writer } from './writer.js';

/** What an edge sends. Fields and tags are the schema's. */
export function readEdgeBatch(reader: BinaryReader, end: number): EdgeBatch {
  const batch: EdgeBatch = {
    $typeName: 'onepush.link.v1.EdgeBatch',
    number: 0,
    processed: 0,
    delivered: [],
    events: [],
    calls: [],
    published: [],
    unconfirmed: [],
  };
  while (reader.pos < end) {
    switch (reader.uint32()) {
      case 8:
        batch.number = reader.uint32();
        break;
      case 16:
        batch.processed = reader.uint32();
        break;
      case 26:
        if (batch.hello !== undefined) unusual();
        batch.hello = fromBinary(HelloSchema, reader.bytes());
        break;
      case 34:
        readPackedDoubles(reader, batch.delivered);
        break;
      case 42:
        batch.events.push(readMessage(reader, readEvent));
        break;
      case 50:
        batch.calls.push(readCall(reader));
        break;
      case 58:
        batch.published.push(readMessage(reader, readPublished));
        break;
      case 66:
        readPackedDoubles(reader, batch.unconfirmed);
        break;
      default:
        unusual();
    }
  }
  return batch;
}

function readEvent(reader: BinaryReader, end: number): SessionEvent {
  const event: SessionEvent = {
    $typeName: 'onepush.link.v1.SessionEvent',
    kind: 0,
    slot: 0,
    deviceId: '',
    through: 0,
    pushId: 0,
    device: 0,
    generation: 0,
    page: 0,
  };
  while (reader.pos < end) {
    switch (reader.uint32()) {
      case 8:
        event.kind = reader.int32();
        break;
      case 16:
        event.slot = reader.uint32();
        break;
      case 26:
        event.deviceId = reader.string(true);
        break;
      case 33:
        event.through = reader.double();
        break;
      case 41:
        event.pushId = reader.double();
        break;
      case 48:
        event.device = reader.uint32();
        break;
      case 56:
        event.generation = reader.uint32();
        break;
      case 64:
        event.page = reader.uint32();
        break;
      default:
        unusual();
    }
  }
  return event;
}

/** A send; any other call by its descriptor. */
function readCall(reader: BinaryReader): Call {
  const start = reader.pos;
  const end = reader.uint32() + reader.pos;
  const call: Call = {
    $typeName: 'onepush.link.v1.Call',
    id: 0,
    appId: '',
    secret: '',
    request: { case: undefined },
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) call.id = reader.uint32();
    else if (tag === 18) call.appId = reader.string(true);
    else if (tag === 26) call.secret = reader.string(true);
    else if (tag === 50 && call.request.case === undefined) {
      call.request = { case: 'sendPush', value: readMessage(reader, readSendPush) };
    } else {
      reader.pos = start;
      return fromBinary(CallSchema, reader.bytes());
    }
  }
  if (reader.pos !== end) unusual();
  return call;
}

function readPublished(reader: BinaryReader, end: number): Published {
  const published: Published = { $typeName: 'onepush.link.v1.Published', pushId: 0, sessions: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 9) published.pushId = reader.double();
    else if (tag === 16) published.sessions = reader.uint32();
    else unusual();
  }
  return published;
}

export function writeEdgeBatch(writer: Writer, batch: EdgeBatch): void {
  if (batch.number !== 0) writer.uint32(8, batch.number);
  if (batch.processed !== 0) writer.uint32(16, batch.processed);
  if (batch.hello !== undefined) writer.bytes(26, toBinary(HelloSchema, batch.hello));
  if (batch.delivered.length > 0) writer.packedDoubles(34, batch.delivered);
  for (const event of batch.events) writeEvent(writer, event);
  for (const call of batch.calls) writeCall(writer, call);
  for (const { pushId, sessions } of batch.published) {
    const mark = writer.begin(58);
    if (pushId !== 0) writer.double(9, pushId);
    if (sessions !== 0) writer.uint32(16, sessions);
    writer.end(mark);
  }
  if (batch.unconfirmed.length > 0) writer.packedDoubles(66, batch.unconfirmed);
}

function writeEvent(writer: Writer, event: SessionEvent): void {
  const mark = writer.begin(42);
  if (event.kind !== 0) writer.int32(8, event.kind);
  if (event.slot !== 0) writer.uint32(16, event.slot);
  if (event.deviceId !== '') writer.string(26, event.deviceId);
  if (event.through !== 0) writer.double(33, event.through);
  if (event.pushId !== 0) writer.double(41, event.pushId);
  if (event.device !== 0) writer.uint32(48, event.device);
  if (event.generation !== 0) writer.uint32(56, event.generation);
  if (event.page !== 0) writer.uint32(64, event.page);
  writer.end(mark);
}

function writeCall(writer: Writer, call: Call): void {
  if (call.request.case !== 'sendPush') {
    writer.bytes(50, toBinary(CallSchema, call));
    return;
  }
  const mark = writer.begin(50);
  if (call.id !== 0) writer.uint32(8, call.id);
  if (call.appId !== '') writer.string(18, call.appId);
  if (call.secret !== '') writer.string(26, call.secret);
  const request = writer.begin(50);
  writeSendPush(writer, call.request.value);
  writer.end(request);
  writer.end(mark);
}
