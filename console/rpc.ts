import {
  create,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageInitShape,
  type MessageShape,
  toJsonString,
} from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { type ErrorDetail, ErrorDetailSchema } from '../gen/onepush/v1/error_pb.js';
import { noteServerTime } from './clock.js';

/** A call that failed, in words for people. */
export class CallError extends Error {
  override name = 'CallError';

  /**
   * @param code the code of Connect, such as `unauthenticated`
   * @param detail with the reason; undefined: the server says none
   */
  constructor(
    readonly code: string,
    message: string,
    readonly detail?: ErrorDetail,
  ) {
    super(message);
  }
}

/** Headers of whatever this page asks: no page of another origin can send the second. */
export const HEADERS = { 'content-type': 'application/json', 'x-onepush-console': '1' };

const FLAG_END = 2;
const FRAME_HEAD = 5;

/** Name of the event of the window that tells that the session has ended. */
export const SIGNED_OUT = 'onepush-signed-out';

/** Calls a method of PushCore over Connect, in the name of whoever is signed in. */
export async function call<M extends DescMethodUnary>(
  method: M,
  request: MessageInitShape<M['input']>,
  signal?: AbortSignal,
): Promise<MessageShape<M['output']>> {
  const body = toJsonString(method.input, create(method.input, request));
  const response = await send(pathOf(method), { method: 'POST', headers: HEADERS, body, ...(signal && { signal }) });
  return fromJson(method.output, await response.json(), { ignoreUnknownFields: true }) as MessageShape<M['output']>;
}

/** Reads a stream of answers, until it ends or is aborted. */
export async function* follow<M extends DescMethodServerStreaming>(
  method: M,
  request: MessageInitShape<M['input']>,
  signal: AbortSignal,
): AsyncGenerator<MessageShape<M['output']>> {
  const message = new TextEncoder().encode(toJsonString(method.input, create(method.input, request)));
  const body = new Uint8Array(FRAME_HEAD + message.length);
  new DataView(body.buffer).setUint32(1, message.length);
  body.set(message, FRAME_HEAD);
  const headers = { ...HEADERS, 'content-type': 'application/connect+json' };
  const response = await send(pathOf(method), { method: 'POST', headers, body, signal });
  if (response.body === null) return;
  for await (const { isEnd, value } of framesOf(response.body)) {
    if (!isEnd) {
      yield fromJson(method.output, value, { ignoreUnknownFields: true }) as MessageShape<M['output']>;
      continue;
    }
    const { error } = value as { error?: Failure };
    if (error !== undefined) throw failed(error);
    return;
  }
}

/** Fetches of this server. @throws CallError */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new CallError('unreachable', '');
  }
  noteServerTime(response.headers.get('date') ?? undefined);
  if (response.ok) return response;
  throw failed(await response.json().catch(() => ({})));
}

/** An error as Connect carries it. */
interface Failure {
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function failed({ code = 'unknown', message = '', details = [] }: Failure): CallError {
  if (code === 'unauthenticated') window.dispatchEvent(new Event(SIGNED_OUT));
  const detail = details.find(({ type }) => type === ErrorDetailSchema.typeName);
  return new CallError(code, message, detail && fromBinary(ErrorDetailSchema, base64Decode(detail.value)));
}

function pathOf(method: DescMethodUnary | DescMethodServerStreaming): string {
  return `/${method.parent.typeName}/${method.name}`;
}

async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ isEnd: boolean; value: JsonValue }> {
  const reader = body.getReader();
  let bytes = new Uint8Array();
  try {
    for (;;) {
      const size = bytes.length < FRAME_HEAD ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
      if (size !== undefined && bytes.length >= FRAME_HEAD + size) {
        const text = new TextDecoder().decode(bytes.subarray(FRAME_HEAD, FRAME_HEAD + size));
        yield { isEnd: ((bytes[0] ?? 0) & FLAG_END) !== 0, value: JSON.parse(text) };
        bytes = bytes.slice(FRAME_HEAD + size);
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return;
      const joined = new Uint8Array(bytes.length + value.length);
      joined.set(bytes);
      joined.set(value, bytes.length);
      bytes = joined;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
