import { mutateBytes } from './bytes.js';
import type { Random } from './random.js';
import { MARKER } from './values.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
};
const END_STREAM = 1;
const END_HEADERS = 4;
const STREAMS = [0, 1, 1, 1, 2, 3, 5, 2 ** 31 - 1];

/**
 * A connection of HTTP/2 from its first byte: a call, and around it frames that belong there or do not, at times with
 * changed bytes.
 */
export function http2Bytes(path: string, message: Buffer, random: Random): Buffer {
  const call = [
    frame(TYPE.headers, END_HEADERS, 1, block(path, random)),
    frame(TYPE.data, random.pick([0, END_STREAM]), 1, message.subarray(0, 16_000)),
  ];
  const frames = random.chance(0.8) ? call : [];
  for (let left = random.below(6); left > 0; left--)
    frames.splice(random.below(frames.length + 1), 0, oddFrame(random));
  const settings = random.chance(0.95) ? frame(TYPE.settings, 0, 0, Buffer.alloc(0)) : oddFrame(random);
  const bytes = Buffer.concat([PREFACE, settings, ...frames]);
  return random.chance(0.5) ? mutateBytes(bytes, random) : bytes;
}

function frame(type: number, flags: number, stream: number, payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Headers in HPACK: each one a literal that is not remembered. */
function block(path: string, random: Random): Buffer {
  const headers: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ['x', MARKER],
  ];
  if (random.chance(0.3)) headers.splice(random.below(headers.length), 1);
  if (random.chance(0.3))
    headers.push(
      random.pick<[string, string]>([
        [':path', '/'],
        ['A', 'b'],
        ['connection', 'close'],
        [':x', ''],
        ['a\n', 'b'],
        ['', ''],
        ['host', 'x'],
      ]),
    );
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 126);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function oddFrame(random: Random): Buffer {
  const stream = random.pick(STREAMS);
  const four = Buffer.alloc(4);
  four.writeUInt32BE(random.pick([0, 1, 8, 2 ** 31 - 1, 2 ** 32 - 1]));
  switch (random.below(9)) {
    case 0:
      return frame(TYPE.ping, random.pick([0, 1]), random.pick([0, 0, 1]), random.bytes(random.pick([8, 8, 0, 9])));
    case 1:
      return frame(TYPE.window, 0, stream, four);
    case 2:
      return frame(TYPE.reset, 0, stream, four);
    case 3:
      return frame(TYPE.settings, random.pick([0, 1]), random.pick([0, 0, 1]), settings(random));
    case 4:
      return frame(TYPE.goAway, 0, 0, Buffer.concat([four, four, Buffer.from(MARKER)]));
    case 5:
      return frame(TYPE.continuation, random.pick([0, END_HEADERS]), stream, random.bytes(random.below(40)));
    case 6:
      return frame(TYPE.headers, random.below(256), stream, random.bytes(random.below(60)));
    case 7:
      return frame(
        TYPE.data,
        random.below(256),
        stream,
        random.bytes(random.below(60)),
        random.pick([0, 5, 16_384, 2 ** 24 - 1]),
      );
    default:
      return frame(random.below(256), random.below(256), stream, random.bytes(random.below(30)));
  }
}

function settings(random: Random): Buffer {
  const entry = Buffer.alloc(6);
  entry.writeUInt16BE(random.pick([1, 2, 3, 4, 5, 6, 8, 99]), 0);
  entry.writeUInt32BE(random.pick([0, 1, 2, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1]), 2);
  return Buffer.concat(Array.from({ length: random.pick([1, 1, 3, 60]) }, () => entry)).subarray(
    random.pick([0, 0, 1]),
  );
}

/**
 * Whether a server has said GOAWAY: Node.js does so at once, and grpc-js closes within 15 seconds. Latin-1, a character
 * a byte.
 */
export function saysGoAway(text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    if (bytes[at + 3] === TYPE.goAway) return true;
  return false;
}
