import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { eventually } from './eventually.js';

/** A span as the collector got it. Ids in hexadecimal digits; "" where there is none. */
export interface CollectedSpan {
  /** `service.name` of its process. */
  readonly service: string;
  /** All attributes of its process. */
  readonly resource: Attributes;
  readonly name: string;
  /** As OTLP numbers them: 1 internal, 2 server, 3 client, 4 producer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly events: readonly string[];
  /** Spans that it is linked to. */
  readonly links: readonly string[];
  readonly isError: boolean;
  /** Nanoseconds. */
  readonly duration: bigint;
}

type Attributes = Readonly<Record<string, unknown>>;

/** A collector of traces, over OTLP/HTTP in protobuf. */
export interface Collector {
  /** Its address, for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Headers of each request. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** Every byte that came, as text. */
  raw(): string;
  /** Answers in another way: with a status, or never. */
  answer(how: number | 'never'): void;
  /** Resolves with the spans of a trace, once `isWhole` says that they are all. */
  trace(traceId: string, isWhole: (spans: readonly CollectedSpan[]) => boolean): Promise<readonly CollectedSpan[]>;
  stop(): Promise<void>;
}

/** Settings that have spans exported soon, and all of them. */
export const EXPORT_ALL = {
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_TRACES_SAMPLER: 'parentbased_always_on',
};

/** Starts a collector. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const held = new Set<ServerResponse>();
  const headers: IncomingHttpHeaders[] = [];
  let how: number | 'never' = 200;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    if (how === 'never') return void held.add(response);
    headers.push(request.headers);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    if (how === 200 && request.url === '/v1/traces') {
      bodies.push(body.toString('latin1'));
      spans.push(...readRequest(body));
    }
    response.writeHead(how, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    headers,
    raw: () => bodies.join('\n'),
    answer(next) {
      how = next;
    },
    async trace(traceId, isWhole) {
      const found = () => spans.filter((span) => span.traceId === traceId);
      const seen = () =>
        found()
          .map(({ name }) => name)
          .join(', ');
      await eventually(() => isWhole(found())).catch((cause: unknown) => {
        throw new Error(`the trace has only ${seen()}`, { cause });
      });
      return found();
    },
    async stop() {
      for (const response of held) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The fields of a message by their numbers: bytes of what has a length, numbers of the rest. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | bigint)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value = readField(reader, type);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

function readField(reader: BinaryReader, type: WireType): Uint8Array | bigint {
  switch (type) {
    case WireType.Varint:
      return BigInt(reader.uint64());
    case WireType.Bit64:
      return BigInt(reader.fixed64());
    case WireType.Bit32:
      return BigInt(reader.fixed32());
    case WireType.LengthDelimited:
      return reader.bytes();
    default:
      throw new Error(`a field of wire type ${type}`);
  }
}

const bytesOf = (values: readonly (Uint8Array | bigint)[] = []): Uint8Array[] =>
  values.filter((value): value is Uint8Array => typeof value !== 'bigint');
const textOf = (values?: readonly (Uint8Array | bigint)[]): string => Buffer.concat(bytesOf(values)).toString();
const hexOf = (values?: readonly (Uint8Array | bigint)[]): string => Buffer.concat(bytesOf(values)).toString('hex');
const numberOf = (values: readonly (Uint8Array | bigint)[] = []): bigint => {
  const [value] = values;
  return typeof value === 'bigint' ? value : 0n;
};

function readRequest(body: Uint8Array): CollectedSpan[] {
  return bytesOf(fieldsOf(body).get(1)).flatMap((resourceSpans) => {
    const fields = fieldsOf(resourceSpans);
    const resource = Object.assign({}, ...bytesOf(fields.get(1)).map((bytes) => attributesOf(fieldsOf(bytes).get(1))));
    const scopes = bytesOf(fields.get(2));
    return scopes.flatMap((scope) => bytesOf(fieldsOf(scope).get(2)).map((span) => toSpan(span, resource)));
  });
}

function toSpan(bytes: Uint8Array, resource: Attributes): CollectedSpan {
  const fields = fieldsOf(bytes);
  const statusFields = bytesOf(fields.get(15)).map(fieldsOf)[0];
  return {
    service: String(resource['service.name']),
    resource,
    traceId: hexOf(fields.get(1)),
    spanId: hexOf(fields.get(2)),
    traceState: textOf(fields.get(3)),
    parentId: hexOf(fields.get(4)),
    name: textOf(fields.get(5)),
    kind: Number(numberOf(fields.get(6))),
    attributes: attributesOf(fields.get(9)),
    events: bytesOf(fields.get(11)).map((event) => textOf(fieldsOf(event).get(2))),
    links: bytesOf(fields.get(13)).map((link) => hexOf(fieldsOf(link).get(2))),
    isError: numberOf(statusFields?.get(3)) === 2n,
    duration: numberOf(fields.get(8)) - numberOf(fields.get(7)),
  };
}

function attributesOf(values?: readonly (Uint8Array | bigint)[]): Attributes {
  const pairs = bytesOf(values).map((bytes) => {
    const fields = fieldsOf(bytes);
    const value = fieldsOf(bytesOf(fields.get(2))[0] ?? new Uint8Array());
    const [kind] = value.keys();
    return [
      textOf(fields.get(1)),
      kind === 1 ? textOf(value.get(1)) : kind === 3 ? Number(numberOf(value.get(3))) : undefined,
    ];
  });
  return Object.fromEntries(pairs);
}
