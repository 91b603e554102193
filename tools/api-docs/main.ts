import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { runNodeJs } from '@bufbuild/protoplugin';
import { toPage } from './page.js';

/** A plugin of buf: writes docs/api.md from the schema, its comments, its rules, and the examples beside this file. */
runNodeJs({
  name: 'api-docs',
  version: '1',
  run({ protoFile }) {
    const service = createFileRegistry(create(FileDescriptorSetSchema, { file: protoFile })).getService(
      'onepush.v1.PushCore',
    );
    if (service === undefined) throw new Error('the schema has no service onepush.v1.PushCore');
    return create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
      file: [{ name: 'api.md', content: toPage(service) }],
    });
  },
});
