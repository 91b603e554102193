import { frame } from '../../support/raw-grpc.js';
import { type Door, HANGS } from '../door.js';
import { createHttpLane, type HttpAnswer } from '../http-lane.js';
import { mutateBytes } from '../input/bytes.js';
import { type HttpRequest, toHttpInput } from '../input/http.js';
import { requestBytes } from '../input/protobuf.js';
import { requestJson } from '../input/protobuf-json.js';
import type { Random } from '../input/random.js';
import { MARKER, oddText } from '../input/values.js';
import { findSecret, judgeStatus } from '../judge.js';
import type { Target } from '../target.js';
import { authorizationFor, pickMethod } from './calls.js';

const WHOLE_TYPES = ['application/json', 'application/proto'];
const FRAMED_TYPES = [
  'application/grpc-web+proto',
  'application/grpc-web+json',
  'application/grpc-web',
  'application/connect+json',
  'application/connect+proto',
];
const ODD_TYPES = [
  'application/grpc',
  'text/plain',
  '',
  'application/json; charset=gbk',
  'application/grpc-web-text',
  `application/${MARKER}`,
  'APPLICATION/JSON',
];
const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/onepush.v1.PushCore/',
  '/onepush.link.v1.EdgeLink/Attach',
  `/${MARKER}`,
  '/%',
  '*',
  '/onepush.v1.PushCore/SendPush/',
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['Connect-Protocol-Version', ['1', '2', '', MARKER]],
  ['Connect-Timeout-Ms', ['1', '0', '10000', '-1', '1e3', '99999999999', MARKER]],
  ['Content-Encoding', ['identity', 'gzip', MARKER]],
  ['Grpc-Timeout', ['1n', '1S', MARKER]],
  ['Accept-Encoding', ['gzip', '*']],
  ['Origin', ['https://example.com', 'null', MARKER]],
  ['X-Grpc-Web', ['1']],
];
/** Connect's words for what is nobody's fault but ours. */
const UNEXPECTED = new Set(['internal', 'unknown', 'unavailable', 'data_loss', 'aborted']);

/** PushCore over Connect and gRPC-Web on the HTTP/1.1 port. */
export const CONNECT_DOOR: Door = {
  name: 'Connect',
  share: 50,
  lanes: 32,
  openLane(target) {
    const lane = createHttpLane(target.connectUrl);
    return {
      async attempt(random, patienceMs) {
        const request = connectRequest(random, target);
        const input = toHttpInput(request, random);
        const begun = performance.now();
        const isEndless = request.path.endsWith('/WatchReceipts');
        const result = await lane.send(
          input,
          patienceMs,
          (text) => input.isWhole && isEndless && /\r\n\r\n.+/s.test(text),
        );
        const base = { inputs: 1, waitedMs: performance.now() - begun, sent: input.bytes };
        const stray = lane.takeStray();
        if (stray !== '')
          return {
            ...base,
            answer: 'stray',
            problem: `before it, an answer that nobody had asked for: ${stray.slice(0, 200)}`,
          };
        if (result.kind === 'silent') return { ...base, answer: 'nothing', problem: HANGS };
        if (result.kind === 'begun') return { ...base, answer: 'begun' };
        const { word, problem } =
          result.kind === 'answered' ? judge(result.answer, target) : judgeClosed(result.text, input.isWhole, target);
        return { ...base, answer: word, ...(problem === undefined ? {} : { problem }) };
      },
      close: () => lane.close(),
    };
  },
};

function connectRequest(random: Random, target: Target): HttpRequest {
  const method = pickMethod(random);
  const path = random.chance(0.95) ? `/${method.parent.typeName}/${method.name}` : random.pick(PATHS);
  const headers: [string, string][] = [['Authorization', authorizationFor(method, random, target)]];
  const isFramed = method.methodKind !== 'unary' || random.chance(0.4);
  const type = random.chance(0.96) ? random.pick(isFramed ? FRAMED_TYPES : WHOLE_TYPES) : random.pick(ODD_TYPES);
  headers.push(['Content-Type', type]);
  for (const [name, values] of HEADERS) if (random.chance(0.05)) headers.push([name, random.pick(values)]);
  const verb = random.chance(0.97) ? 'POST' : random.pick(['GET', 'OPTIONS', 'PUT', 'DELETE']);
  const message = type.includes('json')
    ? requestJson(method.input, random, target)
    : requestBytes(method.input, random, target);
  return { method: verb, path, headers, body: FRAMED_TYPES.includes(type) ? inFrame(message, random) : message };
}

function inFrame(message: Buffer, random: Random): Buffer {
  const whole = frame(message);
  if (random.chance(0.85)) return whole;
  switch (random.below(5)) {
    case 0:
      return frame(message, { compressed: true });
    case 1:
      return frame(message, { length: random.pick([0, message.length + 1, 2 ** 32 - 1]) });
    case 2:
      return Buffer.concat([whole, random.chance(0.5) ? whole : Buffer.from(oddText(random))]);
    case 3:
      return Buffer.concat([Buffer.from([random.pick([2, 0x80, 0xff])]), whole.subarray(1)]);
    default:
      return mutateBytes(whole, random);
  }
}

function judge(answer: HttpAnswer, target: Target): { word: string; problem?: string } {
  const { status, headers, head, body } = answer;
  const type = headers.get('content-type') ?? '';
  if (status === 200 && type.startsWith('application/grpc-web')) {
    const code = /grpc-status: ?(\d+)/i.exec(body)?.[1] ?? headers.get('grpc-status');
    if (code === undefined) return { word: 'gRPC-Web', problem: 'a call of gRPC-Web ended without a status' };
    const { word, problem } = judgeStatus(Number(code), head + body, target);
    return { word, ...(problem === undefined ? {} : { problem }) };
  }
  const word = codeOf(body) ?? (status === 200 ? 'OK' : `HTTP ${status}`);
  if (UNEXPECTED.has(word) || status === 500 || status === 503)
    return { word, problem: `it is unexpected: ${head.slice(0, 200)} ${body.slice(0, 300)}` };
  const secret = word === 'OK' ? undefined : findSecret(head + body, target);
  return secret === undefined ? { word } : { word, problem: secret };
}

function judgeClosed(text: string, isWhole: boolean, target: Target): { word: string; problem?: string } {
  const secret = text.startsWith('HTTP/1.1 200') ? undefined : findSecret(text, target);
  if (secret !== undefined) return { word: 'closed', problem: secret };
  if (/^HTTP\/1\.1 50[03]/.test(text)) return { word: 'closed', problem: text.slice(0, 500) };
  return isWhole
    ? { word: 'closed', problem: `a whole request was not answered: ${text.slice(0, 200)}` }
    : { word: 'closed' };
}

/** The code of Connect's error, in the body or at the end of a stream. */
function codeOf(body: string): string | undefined {
  return /\{(?:"error":\{)?"code":"([a-z_]+)"/.exec(body)?.[1];
}
