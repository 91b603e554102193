import { randomUUID } from 'node:crypto';
import { type ClientHttp2Session, constants } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { type CoreBatch, CoreBatchSchema, type Reply } from '../../../gen/onepush/link/v1/edge_link_pb.js';
import { connectRaw, frame, openCall } from '../../support/raw-grpc.js';
import { type Door, HANGS, type Outcome } from '../door.js';
import { brokenBatch, helloBatch, oddBatch, questionBatch } from '../input/edge-batch.js';
import type { Random } from '../input/random.js';
import { MARKER } from '../input/values.js';
import { findSecret, judgeStatus } from '../judge.js';
import type { Target } from '../target.js';

const PATH = '/onepush.link.v1.EdgeLink/Attach';
const CALLS_OF_BATCH = 2;

/** The internal link, for who has its token: messages of an edge that never was. */
export const LINK_DOOR: Door = {
  name: 'EdgeLink',
  share: 40,
  lanes: 8,
  openLane(target) {
    let session: ClientHttp2Session | undefined;
    return {
      attempt(random, patienceMs) {
        if (session === undefined || session.destroyed || session.closed) session = connectRaw(target.grpcAddr);
        return attempt(session, random, target, patienceMs);
      },
      close: () => session?.destroy(),
    };
  },
};

/**
 * Attaches, sends messages that the core outlives, wants all of their calls answered, and sends what it need not
 * outlive.
 */
function attempt(session: ClientHttp2Session, random: Random, target: Target, patienceMs: number): Promise<Outcome> {
  const hasToken = random.chance(0.95);
  const batches = [helloBatch(randomUUID())];
  const open = new Set<number>();
  for (let left = random.below(20); left > 0; left--) {
    const ids = Array.from({ length: random.below(CALLS_OF_BATCH + 1) }, (_, n) => batches.length * CALLS_OF_BATCH + n);
    for (const id of ids) open.add(id);
    batches.push(oddBatch(batches.length + 1, ids, random, target));
  }
  open.add(1);
  batches.push(questionBatch(batches.length + 1, 1));
  const broken = frame(
    brokenBatch(batches.length + 1, random, target),
    random.chance(0.9) ? {} : { length: random.below(5000) },
  );
  const sent = Buffer.concat([...batches.map((batch) => frame(batch)), broken]);

  const token = hasToken ? target.linkToken : MARKER;
  const { stream, ended } = openCall(session, PATH, { authorization: `Bearer ${token}` });
  return new Promise((resolve) => {
    let waitedMs = 0;
    let since = performance.now();
    let received: Buffer = Buffer.alloc(0);
    const waited = (): void => {
      waitedMs = Math.max(waitedMs, performance.now() - since);
      since = performance.now();
      timer.refresh();
    };
    const finish = (answer: string, problem?: string): void => {
      waited();
      clearTimeout(timer);
      stream.close(constants.NGHTTP2_CANCEL);
      resolve({ inputs: batches.length + 1, answer, waitedMs, sent, ...(problem === undefined ? {} : { problem }) });
    };
    const timer = setTimeout(() => finish('nothing', `${HANGS}: ${open.size} calls`), patienceMs);
    stream.on('data', (chunk: Buffer) => {
      const [found, rest] = splitFrames(Buffer.concat([received, chunk]));
      received = rest;
      const hadCalls = open.size > 0;
      for (const reply of found.flatMap(({ replies }) => replies)) {
        open.delete(reply.id);
        const problem = problemOf(reply, target);
        if (problem !== undefined) return finish('reply', problem);
      }
      if (!hadCalls || open.size > 0) return;
      waited();
      stream.end(broken);
    });
    ended
      .then(({ status, headers }) => {
        if (status === undefined) return finish(`reset ${stream.rstCode}`, 'the stream was ended without a status');
        // What is no Protobuf: grpc-js says INTERNAL itself.
        if (status === 13) return finish('undecodable', findSecret(Object.values(headers).join('\n'), target));
        const { word, problem } = judgeStatus(status, Object.values(headers).join('\n'), target);
        const isEarly = hasToken && open.size > 0;
        finish(word, problem ?? (isEarly ? `the stream was ended early: ${headers['grpc-message']}` : undefined));
      })
      .catch((error: unknown) => finish('nothing', String(error)));
    stream.write(sent.subarray(0, sent.length - broken.length));
  });
}

function problemOf({ result }: Reply, target: Target): string | undefined {
  if (result.case !== 'error') return undefined;
  if (result.value.reason === 'UNEXPECTED') return 'a call failed unexpectedly';
  return findSecret(JSON.stringify(result.value), target);
}

/** The whole messages at the beginning of the bytes, and the rest. */
function splitFrames(bytes: Buffer): [messages: CoreBatch[], rest: Buffer] {
  const found: CoreBatch[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    found.push(fromBinary(CoreBatchSchema, bytes.subarray(at + 5, end)));
    at = end;
  }
  return [found, bytes.subarray(at)];
}
