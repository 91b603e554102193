import { mutateBytes } from './bytes.js';
import type { Random } from './random.js';
import { MARKER } from './values.js';

/** What goes over a connection. */
export interface HttpInput {
  bytes: Buffer;
  /**
   * Whether this is a whole request as HTTP has it, for which one answer is due. Nobody knows what the other ones are.
   */
  isWhole: boolean;
  /** A place in the body where the bytes are cut into two packets; undefined: they go as one. */
  cut?: number;
}

/** A request before it is bytes. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: Buffer;
}

/** Of every four requests one has no sure form: changed bytes, or a head that is not as HTTP has it. */
const ROUGH = 0.25;

/** The request as bytes: its body with a length or in chunks, in one packet or two, and at times rough. */
export function toHttpInput(request: HttpRequest, random: Random): HttpInput {
  const isChunked = random.chance(0.15);
  const { body } = request;
  const headers: [string, string][] = [['Host', 'x'], ...request.headers];
  if (isChunked) headers.push(['Transfer-Encoding', 'chunked']);
  else if (body.length > 0 || request.method !== 'GET') headers.push(['Content-Length', String(body.length)]);
  if (random.chance(0.1))
    headers.push([random.pick(['X-A', 'Cookie', 'User-Agent', 'X-Forwarded-For']), oddValue(random)]);
  if (random.chance(0.05)) headers.push(['Connection', random.pick(['close', 'keep-alive', 'x', ''])]);
  const payload = isChunked ? inChunks(body, random) : body;
  if (!random.chance(ROUGH)) {
    const head = toHead(request, headers);
    const cut =
      payload.length > 1 && random.chance(0.2) ? head.length + 1 + random.below(payload.length - 1) : undefined;
    return { bytes: Buffer.concat([head, payload]), isWhole: true, ...(cut === undefined ? {} : { cut }) };
  }
  if (random.chance(0.5)) {
    return { bytes: mutateBytes(Buffer.concat([toHead(request, headers), payload]), random), isWhole: false };
  }
  return { bytes: Buffer.concat([toRoughHead(request, headers, random), payload]), isWhole: false };
}

function toHead({ method, path }: HttpRequest, headers: readonly [string, string][], version = 'HTTP/1.1'): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} ${version}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Value of a header that every parser takes. */
function oddValue(random: Random): string {
  return random.pick([
    '',
    'a'.repeat(1000),
    `${MARKER}; a=b`,
    '\u00e9\u00ff',
    '"',
    '%00',
    ',,,',
    '\t x',
    `Basic ${MARKER}`,
  ]);
}

function inChunks(body: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(random.pick([4, 100, 5000]));
    const piece = body.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    at += size;
    // A body in many crumbs silences its address for a while, as documented.
    if (parts.length > 600) {
      const rest = body.subarray(at);
      if (rest.length > 0) parts.push(Buffer.from(`${rest.length.toString(16)}\r\n`), rest, Buffer.from('\r\n'));
      break;
    }
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

const ROUGH_HEADERS: readonly (readonly [string, string])[] = [
  ['Content-Length', '0'],
  ['Content-Length', '-1'],
  ['Content-Length', '+5'],
  ['Content-Length', '0x5'],
  ['Content-Length', '5, 5'],
  ['Content-Length', '99999999999999999999'],
  ['Content-Length', ''],
  ['Content-Length', '7'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'gzip, chunked'],
  ['Transfer-Encoding', 'identity'],
  ['Transfer-Encoding', ' chunked'],
  ['Transfer-Encoding', '\u000bchunked'],
  ['Content-Encoding', 'gzip'],
  ['Host', 'y'],
  ['Host', ''],
  ['Expect', '100-continue'],
  ['Expect', '100-Continue'],
  ['Expect', 'x'],
  ['Upgrade', 'h2c'],
  ['Upgrade', 'websocket'],
  ['X_Under.Score!', 'x'],
  ['X A', 'x'],
  ['', 'x'],
  ['X-Folded', 'a\r\n b'],
  ['X-Nul', 'a\u0000b'],
  ['X-Cr', 'a\rb'],
  ['X-Long', MARKER.repeat(400)],
  ['X-Longer', 'a'.repeat(20_000)],
  ['X'.repeat(3000), 'x'],
];
const VERSIONS = [
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.1 ',
  'http/1.1',
  'HTTP/9999999999.1',
  '',
  'HTTX/1.1',
  'HTTP/1.1\u0000',
];
const METHODS = [
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PRI',
  'get',
  'G\u0000T',
  '',
  ' ',
  MARKER,
  'X'.repeat(5000),
];
const PATHS = [
  '*',
  '//',
  'http://x/',
  `http://${MARKER}:80/msgpush/send`,
  '/%',
  '/%00',
  '/\u0000',
  '/\u00ff',
  '',
  '?',
  '/?'.repeat(2000),
  ' /',
];

function toRoughHead(request: HttpRequest, headers: readonly [string, string][], random: Random): Buffer {
  switch (random.below(7)) {
    case 0:
      return toHead({ ...request, method: random.pick(METHODS) }, headers);
    case 1:
      return toHead({ ...request, path: random.pick(PATHS) }, headers);
    case 2:
      return toHead(request, headers, random.pick(VERSIONS));
    case 3:
      return toHead(request, headers.slice(1 + random.below(headers.length)));
    case 4: {
      const many = Array.from({ length: random.pick([60, 97, 101, 500]) }, (_, n): [string, string] => [`X-${n}`, 'y']);
      return toHead(request, [...headers, ...many]);
    }
    case 5: {
      const text = toHead(request, headers).toString('latin1');
      const broken = random.pick([
        text.replaceAll('\r\n', '\n'),
        text.replaceAll('\r\n', '\r'),
        `\r\n\r\n${text}`,
        text.slice(0, -2),
        `PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n${text}`,
      ]);
      return Buffer.from(broken, 'latin1');
    }
    default: {
      const added = [...headers];
      for (let left = 1 + random.below(3); left > 0; left--) {
        const [name, value] = random.pick(ROUGH_HEADERS);
        added.splice(random.below(added.length + 1), 0, [name, value]);
      }
      return toHead(request, added);
    }
  }
}
