import type { DescMessage } from '@bufbuild/protobuf';
import type { GeneratedFile } from '@bufbuild/protoplugin';
import { codecOf } from './messages.js';

/** Prints the table of all codecs, by the message's descriptor. */
export function printIndex(out: GeneratedFile, messages: readonly DescMessage[]): void {
  const codec = out.import('Codec', '../common/codec/codec.js', true);
  const desc = out.import('DescMessage', '@bufbuild/protobuf', true);
  out.print`// Made by make gen from proto/. Change the schema, or tools/codec, not this file.`;
  out.print`export const CODECS: ReadonlyMap<${desc}, ${codec}> = new Map<${desc}, ${codec}>([`;
  for (const message of messages) {
    const read = codecOf(out, 'read', message);
    const write = codecOf(out, 'write', message);
    out.print`  [${out.importSchema(message)}, { read: ${read}, write: ${write} }],`;
  }
  out.print`]);`;
}
