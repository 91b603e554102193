import {
  create,
  createRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '../../../gen/grpc/reflection/v1/reflection_pb.js';

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/** The handlers of ServerReflection. */
export interface ReflectionHandlers {
  /** Answers the questions of one stream, each in its turn. */
  serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>): AsyncIterable<ServerReflectionResponse>;
}

/**
 * Server reflection: which services there are and the files that declare them, so that tools can call without a copy of
 * the schema.
 *
 * @param services what is listed
 * @param others files that no service imports, such as those of error details
 */
export function createReflection(services: readonly DescService[], others: readonly DescFile[]): ReflectionHandlers {
  const files = new Map<string, DescFile>();
  for (const file of [...services.map((service) => service.file), ...others]) {
    for (const found of withDependencies(file)) files.set(found.proto.name, found);
  }
  const bytes = new Map<DescFile, Uint8Array>();
  const registry = createRegistry(...files.values());

  /** The file, first, and all that it imports: a client can then build it without asking again. */
  function describeFile(file: DescFile | undefined): Answer {
    if (file === undefined) return NOT_FOUND;
    const inOrder = [...withDependencies(file)].reverse();
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: inOrder.map(bytesOf) } };
  }

  /** Made once: anybody may ask, as often as they like. */
  function bytesOf(file: DescFile): Uint8Array {
    const made = bytes.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
    bytes.set(file, made);
    return made;
  }

  function findFile(symbol: string): DescFile | undefined {
    const declared = registry.get(symbol);
    if (declared !== undefined) return declared.file;
    const dot = symbol.lastIndexOf('.');
    const parent = registry.get(symbol.slice(0, Math.max(dot, 0)));
    return parent !== undefined && membersOf(parent).includes(symbol.slice(dot + 1)) ? parent.file : undefined;
  }

  function findExtension(typeName: string, number: number): DescFile | undefined {
    const extendee = registry.getMessage(typeName);
    return extendee && registry.getExtensionFor(extendee, number)?.file;
  }

  function describeExtensions(typeName: string): Answer {
    if (registry.getMessage(typeName) === undefined) return NOT_FOUND;
    const extensionNumber = [...registry].flatMap((declared) =>
      declared.kind === 'extension' && declared.extendee.typeName === typeName ? [declared.number] : [],
    );
    return { case: 'allExtensionNumbersResponse', value: { baseTypeName: typeName, extensionNumber } };
  }

  function answer(request: ServerReflectionRequest['messageRequest']): Answer {
    switch (request.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
      case 'fileByFilename':
        return describeFile(files.get(request.value));
      case 'fileContainingSymbol':
        return describeFile(findFile(request.value));
      case 'fileContainingExtension':
        return describeFile(findExtension(request.value.containingType, request.value.extensionNumber));
      case 'allExtensionNumbersOfType':
        return describeExtensions(request.value);
      case undefined:
        return failure(status.INVALID_ARGUMENT, 'a request must ask for something');
    }
  }

  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield create(ServerReflectionResponseSchema, {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request.messageRequest),
        });
      }
    },
  };
}

function failure(errorCode: status, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}

const NOT_FOUND = failure(status.NOT_FOUND, 'there is nothing with this name');

/** Each file once, after what it imports. */
function withDependencies(file: DescFile, found = new Set<DescFile>()): ReadonlySet<DescFile> {
  for (const dependency of file.dependencies) if (!found.has(dependency)) withDependencies(dependency, found);
  return found.add(file);
}

/** The names that are declared within it, and are no types. */
function membersOf(declared: DescMessage | DescEnum | DescExtension | DescService): string[] {
  if (declared.kind === 'message') return [...declared.fields, ...declared.oneofs].map(({ name }) => name);
  return declared.kind === 'service' ? declared.methods.map(({ name }) => name) : [];
}
