import { type DescMethod, type DescService, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/**
 * A service of our schema as grpc-js wants it: protobuf-es messages, encoded and decoded by their descriptors. A message that
 * cannot be decoded fails its own call only.
 */
export function toServiceDefinition(service: DescService): ServiceDefinition {
  const methods = service.methods.map((method) => [method.name, toMethodDefinition(service, method)]);
  return Object.fromEntries(methods) as ServiceDefinition;
}

/** One method of a service, for clients. */
export function toMethodDefinition<M extends DescMethod>(
  service: DescService,
  method: M,
): MethodDefinition<MessageShape<M['input']>, MessageShape<M['output']>> {
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (message: MessageShape<M['input']>) => toBuffer(toBinary(method.input, message)),
    // The descriptor's type is the method's: `M` only hides it.
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes) as MessageShape<M['input']>,
    responseSerialize: (message: MessageShape<M['output']>) => toBuffer(toBinary(method.output, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
  };
}

/** The same bytes as a Buffer, not a copy. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
