import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  type Audience,
  AudienceSchema,
  type SendPushStreamRequest_Entry as Entry,
  SendPushStreamResponse_FailureSchema as FailureSchema,
  type SendPushRequest,
  type SendPushStreamRequest,
  type SendPushStreamResponse,
} from '../../gen/onepush/v1/push_pb.js';
import { readMessage, unusual } from './reading.js';
import type { Writer } from './writer.js';

/** Pushes, many times faster than by their descriptors: for the two streams that carry most of them. Fields and tags are the schema's. */
export function readPushStream(reader: BinaryReader, end: number): SendPushStreamRequest {
  const pushes: Entry[] = [];
  while (reader.pos < end) {
    if (reader.uint32() !== 10) unusual();
    pushes.push(readMessage(reader, readEntry));
  }
  return { $typeName: 'onepush.v1.SendPushStreamRequest', pushes };
}

function readEntry(reader: BinaryReader, end: number): Entry {
  const entry: Entry = { $typeName: 'onepush.v1.SendPushStreamRequest.Entry', reference: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) entry.reference = reader.uint32();
    else if (tag === 18 && entry.push === undefined) entry.push = readMessage(reader, readSendPush);
    else unusual();
  }
  return entry;
}

export function readSendPush(reader: BinaryReader, end: number): SendPushRequest {
  const push: SendPushRequest = {
    $typeName: 'onepush.v1.SendPushRequest',
    platform: 0,
    tenantCode: '',
    pushMsgType: 0,
    needConfirm: false,
    alert: '',
    extraJson: '',
    sound: '',
    sender: '',
    sendDevice: '',
    smsMessage: '',
    idempotencyKey: '',
    collapseKey: '',
    priority: 0,
    dryRun: false,
  };
  while (reader.pos < end) {
    switch (reader.uint32()) {
      case 10:
        if (push.audience !== undefined) unusual();
        push.audience = readAudience(reader);
        break;
      case 16:
        push.platform = reader.int32();
        break;
      case 26:
        push.tenantCode = reader.string(true);
        break;
      case 32:
        push.pushMsgType = reader.int32();
        break;
      case 40:
        push.needConfirm = reader.bool();
        break;
      case 49:
        push.duration = reader.double();
        break;
      case 58:
        push.alert = reader.string(true);
        break;
      case 66:
        push.extraJson = reader.string(true);
        break;
      case 74:
        push.sound = reader.string(true);
        break;
      case 80:
        push.badge = reader.int32();
        break;
      case 90:
        push.sender = reader.string(true);
        break;
      case 98:
        push.sendDevice = reader.string(true);
        break;
      case 106:
        push.smsMessage = reader.string(true);
        break;
      case 114:
        push.idempotencyKey = reader.string(true);
        break;
      case 120:
        push.ttlSeconds = reader.uint32();
        break;
      case 130:
        push.collapseKey = reader.string(true);
        break;
      case 136:
        push.priority = reader.int32();
        break;
      case 146:
        if (push.sendAt !== undefined) unusual();
        push.sendAt = fromBinary(TimestampSchema, reader.bytes());
        break;
      case 152:
        push.dryRun = reader.bool();
        break;
      default:
        unusual();
    }
  }
  return push;
}

/** Lists of aliases and of devices; any other audience by its descriptor. */
function readAudience(reader: BinaryReader): Audience {
  const start = reader.pos;
  const end = reader.uint32() + reader.pos;
  const tag = reader.pos < end ? reader.uint32() : 0;
  if (tag === 10 || tag === 26) {
    const listEnd = reader.uint32() + reader.pos;
    const list: string[] = [];
    while (reader.pos < listEnd) {
      if (reader.uint32() !== 10) unusual();
      list.push(reader.string(true));
    }
    if (listEnd !== end || reader.pos !== end) unusual();
    return {
      $typeName: 'onepush.v1.Audience',
      audience:
        tag === 10
          ? { case: 'aliases', value: { $typeName: 'onepush.v1.Audience.Aliases', values: list } }
          : { case: 'devices', value: { $typeName: 'onepush.v1.Audience.Devices', ids: list } },
    };
  }
  reader.pos = start;
  return fromBinary(AudienceSchema, reader.bytes());
}

export function writeSendPush(writer: Writer, push: SendPushRequest): void {
  if (push.audience !== undefined) writeAudience(writer, push.audience);
  if (push.platform !== 0) writer.int32(16, push.platform);
  if (push.tenantCode !== '') writer.string(26, push.tenantCode);
  if (push.pushMsgType !== 0) writer.int32(32, push.pushMsgType);
  if (push.needConfirm) writer.uint32(40, 1);
  if (push.duration !== undefined) writer.double(49, push.duration);
  if (push.alert !== '') writer.string(58, push.alert);
  if (push.extraJson !== '') writer.string(66, push.extraJson);
  if (push.sound !== '') writer.string(74, push.sound);
  if (push.badge !== undefined) writer.int32(80, push.badge);
  if (push.sender !== '') writer.string(90, push.sender);
  if (push.sendDevice !== '') writer.string(98, push.sendDevice);
  if (push.smsMessage !== '') writer.string(106, push.smsMessage);
  if (push.idempotencyKey !== '') writer.string(114, push.idempotencyKey);
  if (push.ttlSeconds !== undefined) writer.uint32(120, push.ttlSeconds);
  if (push.collapseKey !== '') writer.string(130, push.collapseKey);
  if (push.priority !== 0) writer.int32(136, push.priority);
  if (push.sendAt !== undefined) writer.bytes(146, toBinary(TimestampSchema, push.sendAt));
  if (push.dryRun) writer.uint32(152, 1);
}

export function writePushStreamAnswers(writer: Writer, { results }: SendPushStreamResponse): void {
  for (const { reference, result } of results) {
    const mark = writer.begin(10);
    if (reference !== 0) writer.uint32(8, reference);
    if (result.case === 'requestId') writer.string(18, result.value);
    else if (result.case === 'failure') writer.bytes(26, toBinary(FailureSchema, result.value));
    writer.end(mark);
  }
}

function writeAudience(writer: Writer, audience: Audience): void {
  const { audience: of } = audience;
  if (of.case !== 'aliases' && of.case !== 'devices') {
    writer.bytes(10, toBinary(AudienceSchema, audience));
    return;
  }
  const outer = writer.begin(10);
  const inner = writer.begin(of.case === 'aliases' ? 10 : 26);
  for (const name of of.case === 'aliases' ? of.value.values : of.value.ids) writer.string(10, name);
  writer.end(inner);
  writer.end(outer);
}
