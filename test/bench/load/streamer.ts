import { create, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { SendPushStreamRequestSchema } from '../../../gen/onepush/v1/push_pb.js';
import { serve } from '../child.js';

/** One back end with one stream of pushes. */
export interface Streamer {
  /** What is sent, in turn: a push to each of these users. */
  prepare(input: Streaming): void;
  /** Sends as long as few enough are under way, until `stop`. */
  start(input: null): void;
  /** Pushes that were answered so far; those that were not accepted are among them. */
  counts(input: null): { answered: number; failed: number };
  /** Resolves when the last push was answered. */
  stop(input: null): Promise<{ answered: number; failed: number }>;
}

export interface Streaming {
  /** The core's gRPC port, `host:port`. */
  address: string;
  authorization: string;
  users: string[];
  alert: string;
  /** Pushes of one message, and how many messages may be without all their answers. */
  perMessage: number;
  underWay: number;
  dryRun: boolean;
}

const PATH = '/onepush.v1.PushCore/SendPushStream';
const asIs = (bytes: Buffer): Buffer => bytes;

let streaming: Streaming | undefined;
let messages: Buffer[] = [];
let client: Client | undefined;
let stream: ClientDuplexStream<Buffer, Buffer> | undefined;
let sent = 0;
let answered = 0;
let failed = 0;
let stopping = false;
let finish = (): void => {};

/** Counts the results of an answer without decoding them: a result that has field 3 is a failure. */
function count(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    let shift = 0;
    at++;
    for (;;) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    const end = at + length;
    // Field 1, the reference, is left out where it is 0.
    if (bytes[at] === 0x08) {
      at++;
      while ((bytes[at++] ?? 0) >= 0x80);
    }
    if (bytes[at] === 0x1a) failed++;
    answered++;
    at = end;
  }
}

function pump(): void {
  if (streaming === undefined || stream === undefined) return;
  const { perMessage, underWay } = streaming;
  while (!stopping && sent - answered < perMessage * underWay) {
    const message = messages[(sent / perMessage) % messages.length];
    if (message === undefined) return;
    sent += perMessage;
    stream.write(message);
  }
  if (stopping && answered === sent) finish();
}

serve<Streamer>({
  prepare(input) {
    streaming = input;
    const { users, alert, perMessage, dryRun } = input;
    const count = Math.max(1, Math.floor(users.length / perMessage));
    messages = Array.from({ length: count }, (_, index) => {
      const pushes = Array.from({ length: perMessage }, (_unused, place) => ({
        reference: place,
        push: {
          audience: {
            audience: {
              case: 'aliases' as const,
              value: { values: [users[(index * perMessage + place) % users.length] ?? ''] },
            },
          },
          alert,
          dryRun,
        },
      }));
      return Buffer.from(toBinary(SendPushStreamRequestSchema, create(SendPushStreamRequestSchema, { pushes })));
    });
  },
  start() {
    if (streaming === undefined) throw new Error('nothing is prepared');
    stopping = false;
    [sent, answered, failed] = [0, 0, 0];
    client = new Client(streaming.address, credentials.createInsecure(), {
      'grpc-node.flow_control_window': 4 * 1024 * 1024,
    });
    const metadata = new Metadata();
    metadata.set('authorization', streaming.authorization);
    stream = client.makeBidiStreamRequest(PATH, asIs, asIs, metadata);
    stream.on('data', (bytes: Buffer) => {
      count(bytes);
      pump();
    });
    pump();
  },
  counts: () => ({ answered, failed }),
  async stop() {
    await new Promise<void>((resolve) => {
      finish = resolve;
      stopping = true;
      pump();
    });
    stream?.end();
    client?.close();
    return { answered, failed };
  },
});
