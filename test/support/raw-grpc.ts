import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { basic } from './rpc.js';
import { TEST_APP } from './stack.js';

/** How a raw gRPC call ended. */
export interface RawStatus {
  /** The HTTP/2 headers and trailers that came, together. */
  headers: Record<string, string>;
  /** `grpc-status`; undefined where the stream ended without one. */
  status: number | undefined;
}

/** An HTTP/2 connection to a gRPC port, for what no client library sends. */
export function connectRaw(grpcAddr: string): ClientHttp2Session {
  // Its own bound would end what is sent here before the server could.
  const session = connect(`http://${grpcAddr}`, { maxSessionMemory: 200 });
  session.on('error', () => {});
  return session;
}

/** The credentials of the test app. */
export const CREDENTIALS = basic(TEST_APP.appId, TEST_APP.appKey).headers;

/** Begins a call; what is written is up to the test. */
export function openCall(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}) {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const seen: Record<string, string> = {};
  const note = (found: object): void => {
    for (const [name, value] of Object.entries(found)) seen[name] = String(value);
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', () => {});
  stream.resume();
  const ended = new Promise<RawStatus>((resolve) => {
    const end = (): void => {
      const status = seen['grpc-status'];
      resolve({ headers: seen, status: status === undefined ? undefined : Number(status) });
    };
    stream.once('end', end);
    stream.once('close', end);
  });
  return { stream, ended };
}

/** A message with its head. `length`: what the head says, the truth by default. */
export function frame(message: Uint8Array, { compressed = false, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Sends one message and ends; resolves with the status. */
export async function callRaw(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<RawStatus> {
  const { stream, ended } = openCall(session, path, headers);
  stream.end(body);
  return ended;
}
