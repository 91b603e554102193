import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { GeneratedFile, Printable } from '@bufbuild/protoplugin';
import { codecName, codecOf, isOurs, runtime, tagOf } from './messages.js';
import { isOptional } from './reader.js';
import { scalarOf } from './scalars.js';

/** Prints the function that writes the fields of a message. */
export function printWriter(out: GeneratedFile, message: DescMessage): void {
  const shape = out.importShape(message);
  const writer = runtime(out, 'Writer', 'writer', true);
  const used = message.fields.length > 0 ? 'message' : '_message';
  out.print`/** @generated from message ${message.typeName} */`;
  out.print`export function ${codecName(out, 'write', message)}(writer: ${writer}, ${used}: ${shape}): void {`;
  for (const member of message.members) {
    if (member.kind === 'field') {
      printField(out, member);
      continue;
    }
    out.print`  switch (message.${member.localName}.case) {`;
    for (const field of member.fields) {
      out.print`    case ${out.string(field.localName)}:`;
      printValue(out, field, `message.${member.localName}.value`, '      ');
      out.print`      break;`;
    }
    out.print`  }`;
  }
  out.print`}`;
  out.print();
}

function printField(out: GeneratedFile, field: DescField): void {
  const name = `message.${field.localName}`;
  if (field.fieldKind === 'list') {
    const packed = field.message === undefined ? scalarOf(field).packed : undefined;
    if (packed !== undefined) {
      out.print`  if (${name}.length > 0) writer.packed${packed}(${tagOf(field, 2)}, ${name});`;
      return;
    }
    out.print`  for (const item of ${name}) {`;
    printValue(out, field, 'item', '    ');
  } else {
    out.print`  if (${name}${isOptional(field) ? ' !== undefined' : scalarOf(field).isSet}) {`;
    printValue(out, field, name, '    ');
  }
  out.print`  }`;
}

function printValue(out: GeneratedFile, field: DescField, value: string, indent: string): void {
  const { message } = field;
  if (message === undefined) {
    const { wireType, write } = scalarOf(field);
    out.print`${indent}writer.${write}(${tagOf(field, wireType)}, ${value});`;
  } else if (isOurs(message)) {
    const mark = `mark${field.number}`;
    out.print`${indent}const ${mark} = writer.begin(${tagOf(field, 2)});`;
    out.print`${indent}${codecOf(out, 'write', message)}(writer, ${value});`;
    out.print`${indent}writer.end(${mark});`;
  } else {
    const bytes: Printable = [out.import('toBinary', '@bufbuild/protobuf'), '(', out.importSchema(message), ', '];
    out.print`${indent}writer.bytes(${tagOf(field, 2)}, ${bytes}${value}));`;
  }
}
