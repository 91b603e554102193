import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { decoderOf, encoderOf } from './codec/codecs.js';

/**
 * A service of our schema as grpc-js wants it: protobuf-es messages, encoded and decoded by their descriptors. A
 * message that cannot be decoded fails its own call only.
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
    requestSerialize: encoderOf(method.input),
    // The descriptor's type is the method's: `M` only hides it.
    requestDeserialize: decoderOf(method.input) as unknown as (bytes: Buffer) => MessageShape<M['input']>,
    responseSerialize: encoderOf(method.output),
    responseDeserialize: decoderOf(method.output) as unknown as (bytes: Buffer) => MessageShape<M['output']>,
  };
}
