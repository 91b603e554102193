import type { DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import type { GeneratedFile, ImportSymbol } from '@bufbuild/protoplugin';

/**
 * Lists the messages that get a codec: those of streams that go in both directions, which carry the load, and all that
 * they have within. What comes from other packages (Timestamp) goes by its descriptor.
 */
export function hotMessages(files: readonly DescFile[]): DescMessage[] {
  const found = new Set<DescMessage>();
  const add = (message: DescMessage): void => {
    if (found.has(message) || !isOurs(message)) return;
    found.add(message);
    for (const { message: nested } of message.fields) if (nested !== undefined) add(nested);
  };
  for (const method of files.flatMap(({ services }) => services.flatMap(({ methods }) => methods))) {
    if (method.methodKind !== 'bidi_streaming') continue;
    add(method.input);
    add(method.output);
  }
  return [...found];
}

/** Tells whether a message has a codec, if a hot one has it within. */
export function isOurs({ file }: DescMessage): boolean {
  return file.proto.package.startsWith('onepush.');
}

/** Tells whether messages of this kind may stand in one another without an end. */
export function isRecursive(message: DescMessage): boolean {
  const seen = new Set<DescMessage>();
  const reaches = (from: DescMessage): boolean =>
    from.fields.some(({ message: nested }) => {
      if (nested === undefined || seen.has(nested)) return nested === message;
      seen.add(nested);
      return nested === message || reaches(nested);
    });
  return reaches(message);
}

/** Names the function that reads or writes a message, and imports it where it stands in another file. */
export function codecOf(out: GeneratedFile, verb: 'read' | 'write', message: DescMessage): ImportSymbol {
  return out.import(codecName(out, verb, message), `./${message.file.name}_codec.js`);
}

/** Returns the name of that function: `readAudience_Tags`. */
export function codecName(out: GeneratedFile, verb: 'read' | 'write', message: DescMessage): string {
  return `${verb}${out.importShape(message).name}`;
}

/** Imports what generated code calls. */
export function runtime(out: GeneratedFile, name: string, file: 'reading' | 'writer', typeOnly = false): ImportSymbol {
  return out.import(name, `../common/codec/${file}.js`, typeOnly);
}

/** The number before a field's value: its own, and the wire type. */
export function tagOf(field: DescField, wireType: 0 | 1 | 2): number {
  // As an unsigned number of 32 bits, which readers make of it.
  return ((field.number << 3) | wireType) >>> 0;
}
