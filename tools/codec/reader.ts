import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { GeneratedFile, Printable } from '@bufbuild/protoplugin';
import { codecName, codecOf, isOurs, isRecursive, runtime, tagOf } from './messages.js';
import { scalarOf } from './scalars.js';

/**
 * Prints the function that reads a message: each tag as it is usually written, and anything else is for the descriptor.
 */
export function printReader(out: GeneratedFile, message: DescMessage): void {
  const shape = out.importShape(message);
  const [fallBack, notSet] = [runtime(out, 'fallBack', 'reading'), runtime(out, 'NOT_SET', 'reading')];
  const reader = out.import('BinaryReader', '@bufbuild/protobuf/wire', true);
  out.print`/** @generated from message ${message.typeName} */`;
  out.print`export function ${codecName(out, 'read', message)}(reader: ${reader}, end: number): ${shape} {`;
  if (isRecursive(message)) out.print`  ${runtime(out, 'enter', 'reading')}();`;
  out.print`  const message: ${shape} = {`;
  out.print`    $typeName: ${out.string(message.typeName)},`;
  for (const member of message.members) {
    if (member.kind === 'oneof') out.print`    ${member.localName}: ${notSet},`;
    else if (member.fieldKind === 'list') out.print`    ${member.localName}: [],`;
    else if (!isOptional(member)) out.print`    ${member.localName}: ${scalarOf(member).zero},`;
  }
  out.print`  };`;
  out.print`  while (reader.pos < end) {`;
  out.print`    switch (reader.uint32()) {`;
  for (const field of message.fields) printCase(out, field);
  out.print`      default:`;
  out.print`        ${fallBack}();`;
  out.print`    }`;
  out.print`  }`;
  out.print`  if (reader.pos !== end) ${fallBack}();`;
  for (const { localName } of message.oneofs) {
    out.print`  if (message.${localName} === ${notSet}) message.${localName} = { case: undefined };`;
  }
  if (isRecursive(message)) out.print`  ${runtime(out, 'leave', 'reading')}();`;
  out.print`  return message;`;
  out.print`}`;
  out.print();
}

/** Tells whether a field that was not given is absent, rather than zero. */
export function isOptional(field: DescField): boolean {
  return field.fieldKind === 'message' || field.proto.proto3Optional;
}

function printCase(out: GeneratedFile, field: DescField): void {
  const fallBack = runtime(out, 'fallBack', 'reading');
  if (field.fieldKind === 'list') {
    printListCase(out, field);
    return;
  }
  const { message } = field;
  const [wireType, value] = message === undefined ? scalarValue(field) : [2 as const, messageValue(out, message)];
  out.print`      case ${tagOf(field, wireType)}:`;
  const { oneof } = field;
  if (oneof !== undefined) {
    out.print`        if (message.${oneof.localName} !== ${runtime(out, 'NOT_SET', 'reading')}) ${fallBack}();`;
    out.print`        message.${oneof.localName} = { case: ${out.string(field.localName)}, value: ${value} };`;
  } else {
    // A message that is there twice is merged.
    if (message !== undefined) out.print`        if (message.${field.localName} !== undefined) ${fallBack}();`;
    out.print`        message.${field.localName} = ${value};`;
  }
  out.print`        break;`;
}

function printListCase(out: GeneratedFile, field: DescField & { fieldKind: 'list' }): void {
  if (field.message !== undefined) {
    out.print`      case ${tagOf(field, 2)}:`;
    out.print`        message.${field.localName}.push(${messageValue(out, field.message)});`;
  } else {
    const { read, packed } = scalarOf(field);
    out.print`      case ${tagOf(field, 2)}:`;
    if (packed === undefined) out.print`        message.${field.localName}.push(reader.${read});`;
    else out.print`        ${runtime(out, `readPacked${packed}`, 'reading')}(reader, message.${field.localName});`;
  }
  out.print`        break;`;
}

function scalarValue(field: DescField): [wireType: 0 | 1 | 2, value: Printable] {
  const { wireType, read } = scalarOf(field);
  return [wireType, `reader.${read}`];
}

function messageValue(out: GeneratedFile, message: DescMessage): Printable {
  if (!isOurs(message)) {
    const fromBinary = out.import('fromBinary', '@bufbuild/protobuf');
    return [fromBinary, '(', out.importSchema(message), ', reader.bytes())'];
  }
  return [codecOf(out, 'read', message), '(reader, reader.uint32() + reader.pos)'];
}
