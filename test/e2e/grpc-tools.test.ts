import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, createClient } from '@connectrpc/connect';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGrpcTransport, type GrpcTransport } from '../../client/grpc-transport.js';
import { ServerReflection, type ServerReflectionRequest } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../gen/health/v1/health_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { failureOf } from '../support/rpc.js';
import { type Stack, startStack } from '../support/stack.js';

let stack: Stack;
let transport: GrpcTransport;
beforeAll(async () => {
  stack = await startStack();
  transport = createGrpcTransport(stack.grpcAddr, undefined);
});
afterAll(async () => {
  transport?.close();
  await stack?.stop();
});

type Question = Exclude<ServerReflectionRequest['messageRequest'], { case: undefined }>;

describe.each([
  ['v1', ServerReflection],
  // Its messages have the same types.
  ['v1alpha', ServerReflectionAlpha as unknown as typeof ServerReflection],
])('reflection %s', (_version, service) => {
  /** The answers to these questions, asked on one stream. */
  async function ask(...questions: (Question | { case: undefined })[]) {
    async function* requests() {
      for (const messageRequest of questions) yield { messageRequest };
    }
    const answers = [];
    for await (const { messageResponse } of createClient(service, transport).serverReflectionInfo(requests())) {
      answers.push(messageResponse);
    }
    return answers;
  }

  /** The names of the files that came, the one that was asked for first. */
  async function filesOf(question: Question): Promise<FileDescriptorProto[]> {
    const [answer] = await ask(question);
    if (answer?.case !== 'fileDescriptorResponse') throw new Error(`no files: ${answer?.case}`);
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  }

  const registryOf = (files: FileDescriptorProto[]): FileRegistry =>
    createFileRegistry(create(FileDescriptorSetSchema, { file: files.toReversed() }));

  it('lists the services that are for callers', async () => {
    const [answer] = await ask({ case: 'listServices', value: '' });
    expect(answer?.case === 'listServicesResponse' && answer.value.service.map(({ name }) => name)).toEqual([
      'onepush.v1.PushCore',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  it('gives the file of a service with all that it imports', async () => {
    const files = await filesOf({ case: 'fileContainingSymbol', value: 'onepush.v1.PushCore' });
    expect(files[0]?.name).toBe('onepush/v1/push_core.proto');
    const described = registryOf(files).getService('onepush.v1.PushCore');
    expect(described?.methods.map(({ name }) => name)).toEqual(PushCore.methods.map(({ name }) => name));
  });

  it.each([
    ['onepush.v1.PushCore.SendPush', 'onepush/v1/push_core.proto'],
    ['onepush.v1.SendPushRequest', 'onepush/v1/push.proto'],
    ['onepush.v1.SendPushRequest.alert', 'onepush/v1/push.proto'],
    ['onepush.v1.ErrorDetail', 'onepush/v1/error.proto'],
    ['google.rpc.RetryInfo', 'google/rpc/error_details.proto'],
    ['grpc.health.v1.Health', 'health/v1/health.proto'],
  ])('finds %s', async (symbol, file) => {
    expect((await filesOf({ case: 'fileContainingSymbol', value: symbol }))[0]?.name).toBe(file);
    expect((await filesOf({ case: 'fileByFilename', value: file }))[0]?.name).toBe(file);
  });

  it('finds extensions', async () => {
    const type = 'google.protobuf.FieldOptions';
    const value = { containingType: type, extensionNumber: 1159 };
    const question = { case: 'fileContainingExtension', value } as Question;
    expect((await filesOf(question))[0]?.name).toBe('buf/validate/validate.proto');
    expect(await ask({ case: 'allExtensionNumbersOfType', value: type })).toMatchObject([
      { value: { baseTypeName: type, extensionNumber: [1159] } },
    ]);
  });

  it('answers each question of a stream, also after one about nothing it knows', async () => {
    const answers = await ask(
      { case: 'fileContainingSymbol', value: 'onepush.link.v1.EdgeLink' },
      { case: 'fileContainingSymbol', value: 'onepush.v1.PushCore.Other' },
      { case: 'fileByFilename', value: 'onepush/link/v1/edge_link.proto' },
      { case: 'allExtensionNumbersOfType', value: '' },
      { case: undefined },
    );
    expect(answers.map((answer) => answer.case === 'errorResponse' && answer.value.errorCode)).toEqual([
      status.NOT_FOUND,
      status.NOT_FOUND,
      status.NOT_FOUND,
      status.NOT_FOUND,
      status.INVALID_ARGUMENT,
    ]);
  });
});

describe('health over gRPC', () => {
  it('is that of the server and its service', async () => {
    const client = createClient(Health, transport);
    expect((await client.check({})).status).toBe(Status.SERVING);
    expect((await client.check({ service: 'onepush.v1.PushCore' })).status).toBe(Status.SERVING);
    expect((await failureOf(client.check({ service: 'onepush.link.v1.EdgeLink' }))).code).toBe(Code.NotFound);
  });

  it('tells who watches that the core stops, and does not keep it from stopping', async () => {
    const watched: Status[] = [];
    let stopped: Promise<unknown> | undefined;
    for await (const { status: found } of createClient(Health, transport).watch({})) {
      watched.push(found);
      stopped ??= stack.core.stop();
    }
    expect(watched).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await stopped;
  });
});
