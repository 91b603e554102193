import {
  type AnyDesc,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  getOption,
  hasOption,
  ScalarType,
} from '@bufbuild/protobuf';
import { getComments } from '@bufbuild/protoplugin';
import { describeRules } from '../../core/rpc/service/rule-wording.js';
import { field as fieldRules, oneof as oneofRules } from '../../gen/buf/validate/validate_pb.js';

/** A type's name within the package. */
export function shortName({ typeName }: { typeName: string }): string {
  return typeName.replace(/^onepush\.v1\./, '');
}

/** The comment before a declaration, its paragraphs kept and their lines joined; empty where there is none. */
export function commentOf(desc: Exclude<AnyDesc, DescFile>): string {
  return (getComments(desc).leading ?? '')
    .split(/\n\s*\n/)
    .map((part) => part.replaceAll(/\s+/g, ' ').trim())
    .join('\n\n')
    .trim();
}

/** A table of the fields, with a column of rules where one of them has one, after a sentence on each oneof. */
export function fieldTable(message: DescMessage): string {
  if (message.fields.length === 0) return 'It has no fields.\n';
  const rules = message.fields.map(ruleOf);
  const ruled = rules.some((rule) => rule !== '');
  const rows = message.fields.map((field, index) => {
    const cells = [`\`${field.name}\``, `\`${field.jsonName}\``, typeOf(field)];
    return row([...cells, ...(ruled ? [rules[index] ?? ''] : []), commentOf(field)]);
  });
  const oneofs = message.oneofs.map((oneof) => {
    const names = oneof.fields.map(({ jsonName }) => `\`${jsonName}\``).join(', ');
    return `${getOption(oneof, oneofRules).required ? 'Exactly' : 'At most'} one of ${names} is set.\n\n`;
  });
  return oneofs.join('') + table(['field', 'in JSON', 'type', ...(ruled ? ['rule'] : []), 'meaning'], rows);
}

/** A table of the values. */
export function enumTable(desc: DescEnum): string {
  const rows = desc.values.map((value) => row([`\`${value.name}\``, String(value.number), commentOf(value)]));
  return table(['value', 'number', 'meaning'], rows);
}

function table(columns: string[], rows: string[]): string {
  return `${row(columns)}\n${row(columns.map(() => '---'))}\n${rows.join('\n')}\n`;
}

function row(cells: string[]): string {
  const text = cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'));
  return `| ${text.join(' | ')} |`.replaceAll(/ {2,}/g, ' ');
}

function typeOf(field: DescField): string {
  if (field.fieldKind === 'map') {
    if (field.mapKind !== 'scalar') throw new Error(`${field.toString()}: such maps have no words yet`);
    return `map of ${ScalarType[field.mapKey].toLowerCase()} to ${scalarName(field)}`;
  }
  const name = field.enum || field.message ? linkTo(field.enum ?? field.message) : scalarName(field);
  if (field.fieldKind === 'list') return `list of ${name}`;
  return field.fieldKind === 'scalar' && field.proto.proto3Optional ? `${name}, optional` : name;
}

function scalarName({ scalar }: DescField): string {
  if (scalar === undefined) throw new Error('a field that is neither an enum nor a message is a scalar');
  return ScalarType[scalar].toLowerCase();
}

function linkTo(desc: DescEnum | DescMessage | undefined): string {
  if (desc === undefined || desc.typeName === 'google.protobuf.Timestamp') return 'time, RFC 3339';
  const name = shortName(desc);
  return `[${name}](#${name.toLowerCase().replaceAll('.', '')})`;
}

/** The rule in the words of the error that breaking it gives. */
function ruleOf(field: DescField): string {
  if (!hasOption(field, fieldRules)) return '';
  const rules = getOption(field, fieldRules);
  const whole = describeRules(field, rules, false) ?? '';
  const each = rules.type.case === 'repeated' ? describeRules(field, rules, true) : undefined;
  return each === undefined ? whole : `${whole}; each ${each}`;
}
