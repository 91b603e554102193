import type { Random } from './random.js';
import { MARKER } from './values.js';

/** WebSocket frames as a device sends them. */
export interface FrameInput {
  bytes: Buffer;
  /** How many heartbeats it has: each is answered ACK1. */
  heartbeats: number;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface FrameForm {
  opcode: number;
  payload?: Buffer;
  isFinal?: boolean;
  reserved?: number;
  isMasked?: boolean;
  /** What the head says of the length; the truth by default. */
  length?: number;
  /** Bytes of the length: the fewest by default. */
  lengthBytes?: 0 | 2 | 8;
}

export function toFrame(form: FrameForm, random: Random): Buffer {
  const {
    opcode,
    payload = Buffer.alloc(0),
    isFinal = true,
    reserved = 0,
    isMasked = true,
    length = payload.length,
  } = form;
  const { lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8 } = form;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length & 0xffff, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  const mask = random.bytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([head, mask, masked]);
}

/** Frames that a connection outlives, whatever they say. */
export function harmlessFrame(random: Random, pushIds: readonly string[]): FrameInput {
  switch (random.below(10)) {
    case 0:
      return {
        bytes: toFrame({ opcode: OPCODE.ping, payload: random.bytes(random.pick([0, 4, 125])) }, random),
        heartbeats: 0,
      };
    case 1:
      return {
        bytes: toFrame({ opcode: OPCODE.pong, payload: random.bytes(random.pick([0, 4, 125])) }, random),
        heartbeats: 0,
      };
    case 2: {
      // In pieces, with a ping between them.
      const text = Buffer.from(frameText(random, pushIds));
      const at = random.below(text.length + 1);
      const pieces = [
        toFrame({ opcode: OPCODE.text, payload: text.subarray(0, at), isFinal: false }, random),
        toFrame({ opcode: OPCODE.ping }, random),
        toFrame({ opcode: OPCODE.continuation, payload: text.subarray(at) }, random),
      ];
      return { bytes: Buffer.concat(pieces), heartbeats: isHeartbeat(text) };
    }
    default: {
      const text = Buffer.from(frameText(random, pushIds));
      return { bytes: toFrame({ opcode: OPCODE.text, payload: text }, random), heartbeats: isHeartbeat(text) };
    }
  }
}

/** One in any case, with white space around it. */
const isHeartbeat = (text: Buffer): number => (/^\s*HBT/i.test(text.toString()) ? 1 : 0);

/** A text of at most 256 bytes. */
function frameText(random: Random, pushIds: readonly string[]): string {
  const id = random.chance(0.3) && pushIds.length > 0 ? random.pick(pushIds) : String(random.below(2 ** 32));
  return random.pick([
    'HBT',
    'HBT'.repeat(30),
    `HBT${MARKER}`,
    'HBT\u00e9',
    'hbt',
    ' HBT',
    '',
    `CFM:${id}`,
    `CFM:${id} `,
    `CFM:${id}\n`,
    `cfm:${id}`,
    `CFM: ${id}`,
    'CFM:0',
    `CFM:0${id}`,
    'CFM:9007199254740993',
    `CFM:${'9'.repeat(200)}`,
    '{}',
    `{"id":"${id}"}`,
    'ACK1',
    '\u0000',
    MARKER,
    '\u{1f44d}'.repeat(60),
    'x'.repeat(256),
  ]);
}

/** What means to be a confirmation and is none. */
const BROKEN_CONFIRMATIONS = [
  'CFM',
  'CFM1',
  'CFM:',
  'CFM:-1',
  'CFM:1e3',
  'CFM:\uff11',
  `CFM:${MARKER}`,
  'CFM:1,2',
  'cfm:x',
  'CFM:0x1',
];

/** What no connection need outlive: after it the connection ends. */
export function fatalFrame(random: Random): Buffer {
  const text = Buffer.from(`HBT${MARKER}`);
  const form: FrameForm = random.pick<() => FrameForm>([
    () => ({ opcode: OPCODE.binary, payload: text }),
    () => ({ opcode: OPCODE.text, payload: Buffer.from(random.pick(BROKEN_CONFIRMATIONS)) }),
    () => ({ opcode: OPCODE.text, payload: Buffer.from(random.pick(BROKEN_CONFIRMATIONS)) }),
    () => ({ opcode: OPCODE.text, payload: Buffer.alloc(257, 'x') }),
    () => ({ opcode: OPCODE.text, payload: Buffer.alloc(20_000, 'x') }),
    () => ({ opcode: OPCODE.text, payload: Buffer.from('ffc080', 'hex') }),
    () => ({ opcode: OPCODE.text, payload: text, isMasked: false }),
    () => ({ opcode: OPCODE.text, payload: text, reserved: 1 + random.below(7) }),
    () => ({ opcode: 3 + random.below(5), payload: text }),
    () => ({ opcode: 11 + random.below(5), payload: text }),
    () => ({ opcode: OPCODE.continuation, payload: text }),
    () => ({ opcode: OPCODE.ping, payload: Buffer.alloc(126) }),
    () => ({ opcode: OPCODE.ping, isFinal: false }),
    () => ({ opcode: OPCODE.text, payload: text, length: random.pick([0, 1, 125, 16_384, 65_535]) }),
    () => ({ opcode: OPCODE.text, payload: text, length: random.pick([2 ** 31, 2 ** 32, 2 ** 53]), lengthBytes: 8 }),
    () => ({ opcode: OPCODE.text, payload: text, lengthBytes: random.pick([2, 8]) }),
    () => ({ opcode: OPCODE.close, payload: closePayload(random) }),
  ])();
  const bytes = toFrame(form, random);
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

function closePayload(random: Random): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick([0, 999, 1000, 1005, 1006, 1015, 3000, 5000, 65_535]));
  return random.pick([
    Buffer.alloc(0),
    Buffer.alloc(1),
    code,
    Buffer.concat([code, Buffer.from(MARKER)]),
    Buffer.concat([code, Buffer.from('ff', 'hex')]),
  ]);
}

/** A frame of the server: without a mask. */
export interface ServerFrame {
  opcode: number;
  payload: Buffer;
}

/** The whole frames at the beginning of the bytes; undefined if they are none. */
export function parseServerFrames(bytes: Buffer): ServerFrame[] | undefined {
  const frames: ServerFrame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)];
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) return undefined;
    const [lengthBytes, length] = lengthAt(bytes, at + 2, second);
    const start = at + 2 + lengthBytes;
    if (length === undefined || start + length > bytes.length) return frames;
    frames.push({ opcode: first & 0x0f, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}

function lengthAt(bytes: Buffer, at: number, second: number): [lengthBytes: number, length: number | undefined] {
  if (second < 126) return [0, second];
  const lengthBytes = second === 126 ? 2 : 8;
  if (at + lengthBytes > bytes.length) return [lengthBytes, undefined];
  return [lengthBytes, lengthBytes === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at))];
}
