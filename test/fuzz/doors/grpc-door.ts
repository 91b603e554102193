import { type ClientHttp2Session, constants } from 'node:http2';
import type { DescMethod } from '@bufbuild/protobuf';
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { Health } from '../../../gen/health/v1/health_pb.js';
import { connectRaw, frame, openCall } from '../../support/raw-grpc.js';
import { type Door, HANGS, type Outcome } from '../door.js';
import { createHttpLane } from '../http-lane.js';
import { mutateBytes } from '../input/bytes.js';
import { http2Bytes, saysGoAway } from '../input/http2.js';
import { requestBytes } from '../input/protobuf.js';
import type { Random } from '../input/random.js';
import { MARKER, oddText } from '../input/values.js';
import { findSecret, judgeStatus } from '../judge.js';
import type { Target } from '../target.js';
import { authorizationFor, pickMethod } from './calls.js';

const OTHERS = [...Health.methods, ...ServerReflection.methods];
const PATHS = [
  '/',
  '',
  '*',
  '/onepush.v1.PushCore',
  '/onepush.v1.PushCore/',
  '/onepush.v1.PushCore/sendPush',
  '//',
  '/odd/x',
  '/onepush.v1.PushCore/SendPush?a=b',
  '/onepush.link.v1.EdgeLink/Detach',
];
const TYPES = [
  'application/grpc+json',
  'application/grpc-web',
  'application/grpc;',
  'text/plain',
  '',
  `application/${MARKER}`,
];
/** What grpc-js answers INTERNAL by itself, as other implementations do. */
const BROKEN_TIMEOUTS = ['-1S', '', 'S', '1x', '1.5S', '100000000S'];
const TIMEOUTS = ['1n', '0S', '1u', '5m', '99999999H', ...BROKEN_TIMEOUTS];

/** A call as it goes over HTTP/2. */
interface GrpcInput {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  /** The caller goes away at once. */
  isReset: boolean;
}

/** PushCore, health and reflection on the gRPC port. */
export const GRPC_DOOR: Door = {
  name: 'gRPC',
  share: 40,
  lanes: 16,
  openLane(target) {
    const raw = createHttpLane(`http://${target.grpcAddr}`);
    let session: ClientHttp2Session | undefined;
    return {
      async attempt(random, patienceMs) {
        const method = random.chance(0.9) ? pickMethod(random) : random.pick(OTHERS);
        const input = toInput(method, random, target);
        if (random.chance(0.1)) {
          const bytes = http2Bytes(input.path, input.body, random);
          const begun = performance.now();
          const result = await raw.send({ bytes, isWhole: false }, patienceMs, saysGoAway);
          const problem = result.kind === 'silent' ? HANGS : undefined;
          return {
            inputs: 1,
            answer: result.kind === 'begun' ? 'GOAWAY' : `connection ${result.kind}`,
            waitedMs: performance.now() - begun,
            sent: bytes,
            ...(problem === undefined ? {} : { problem }),
          };
        }
        if (session === undefined || session.destroyed || session.closed) session = connectRaw(target.grpcAddr);
        return call(session, input, target, patienceMs);
      },
      close: () => session?.destroy(),
    };
  },
};

function toInput(method: DescMethod, random: Random, target: Target): GrpcInput {
  const path = random.chance(0.97) ? `/${method.parent.typeName}/${method.name}` : random.pick(PATHS);
  const headers: Record<string, string> = { authorization: authorizationFor(method, random, target) };
  if (random.chance(0.03)) headers['content-type'] = random.pick(TYPES);
  if (random.chance(0.1)) headers['grpc-timeout'] = random.pick(TIMEOUTS);
  if (random.chance(0.05)) headers['grpc-encoding'] = random.pick(['gzip', 'identity', 'x', '']);
  if (random.chance(0.05))
    headers[random.pick(['a-bin', 'x-y', 'grpc-x'])] = random.pick([
      '%%%',
      MARKER,
      'AA',
      '\u00e9',
      '',
      'x'.repeat(2000),
    ]);
  return { path, headers, body: toFrames(method, random, target), isReset: random.chance(0.02) };
}

/** Mostly one message behind its length. */
function toFrames(method: DescMethod, random: Random, target: Target): Buffer {
  const message = requestBytes(method.input, random, target);
  const whole = frame(message);
  if (random.chance(0.8)) return whole;
  switch (random.below(8)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.concat([whole, whole]);
    case 2:
      return frame(message, { compressed: true });
    case 3:
      return frame(message, { length: random.pick([0, message.length + 1, 2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1]) });
    case 4:
      return whole.subarray(0, random.below(whole.length));
    case 5:
      return Buffer.concat([whole, random.bytes(3)]);
    case 6:
      return Buffer.from(oddText(random));
    default:
      return mutateBytes(whole, random);
  }
}

function call(session: ClientHttp2Session, input: GrpcInput, target: Target, patienceMs: number): Promise<Outcome> {
  const { path, headers, body, isReset } = input;
  const begun = performance.now();
  const { stream, ended } = openCall(session, path, headers);
  return new Promise((resolve) => {
    const finish = (answer: string, problem?: string): void => {
      clearTimeout(timer);
      stream.close(constants.NGHTTP2_CANCEL);
      const sent = Buffer.concat([Buffer.from(`${JSON.stringify({ path, headers })}\n`), body]);
      resolve({
        inputs: 1,
        answer,
        waitedMs: performance.now() - begun,
        sent,
        ...(problem === undefined ? {} : { problem }),
      });
    };
    const timer = setTimeout(() => finish('nothing', HANGS), patienceMs);
    // A stream of answers need not end.
    if (/\/Watch/.test(path)) stream.once('data', () => finish('OK'));
    ended
      .then(({ headers: seen, status }) => {
        const text = Object.values(seen).join('\n');
        if (status !== undefined) {
          if (status === 13 && BROKEN_TIMEOUTS.includes(headers['grpc-timeout'] ?? 'none'))
            return finish('broken timeout');
          const { word, problem } = judgeStatus(
            status,
            decodeURIComponent(text.replaceAll(/%(?![0-9A-F]{2})/g, '%25')),
            target,
          );
          return finish(word, problem);
        }
        const http = seen[':status'];
        const code = stream.rstCode;
        if (isReset) finish('reset');
        else if (http !== undefined && http !== '200') finish(`HTTP ${http}`, findSecret(text, target));
        else
          finish(
            `reset ${code}`,
            code === constants.NGHTTP2_CANCEL || code === constants.NGHTTP2_PROTOCOL_ERROR
              ? undefined
              : 'a stream was ended without a status',
          );
      })
      .catch((error: unknown) => finish('nothing', String(error)));
    if (isReset) {
      stream.write(body);
      setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
    } else {
      stream.end(body);
    }
  });
}
