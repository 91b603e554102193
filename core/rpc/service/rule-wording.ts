import type { DescField } from '@bufbuild/protobuf';
import type { EnumRules, FieldRules, RepeatedRules, StringRules } from '../../../gen/buf/validate/validate_pb.js';

/** Patterns of the schema, in words. */
const PATTERNS: Record<string, string> = {
  '^[^\\x00-\\x1f\\x7f\\p{Cs}]*$': ', without control characters',
  '^\\P{Cs}*$': '',
  '^(https://[^\\x00-\\x20\\x7f\\p{Cs}]+)?$': ', an https:// address',
  '^([01][0-9]|2[0-3]):[0-5][0-9]$': ', a time of day such as 22:30',
  '^[ -~]*$': ' of visible ASCII',
  '^[A-Za-z0-9_.-]*$': ' of A-Z, a-z, 0-9, _, ., -',
};

/**
 * The rules of a field in the words of our errors, to be read after its name: `must be a string of 1 to 255
 * characters`.
 *
 * @param item whether it is about an item of the list that the field is
 * @returns undefined if there are none
 */
export function describeRules(field: DescField, { type, required }: FieldRules, item: boolean): string | undefined {
  switch (type.case) {
    case 'string':
      return describeString(type.value);
    case 'enum':
      return describeEnum(field, type.value);
    case 'uint32': {
      const { lessThan, greaterThan } = type.value;
      return `must be a whole number from ${greaterThan.value ?? 0} to ${lessThan.value ?? 2 ** 32 - 1}`;
    }
    case 'double':
      return 'must be a finite number';
    case 'repeated': {
      if (!item) return describeList(type.value);
      return type.value.items && describeRules(field, type.value.items, false);
    }
    case undefined:
      return required ? 'is required' : undefined;
  }
}

function describeString({ minLen, maxLen, maxBytes, pattern, notIn }: StringRules): string {
  const length = minLen === 0n ? `at most ${maxLen}` : `${minLen} to ${maxLen}`;
  const text = maxBytes === 0n ? 'text' : `text of at most ${maxBytes} bytes`;
  const size = maxLen === 0n ? text : `a string of ${length} characters`;
  const reserved = notIn[0] === undefined ? '' : `, not ${notIn[0]} (which is reserved)`;
  return `must be ${size}${PATTERNS[pattern] ?? ''}${reserved}`;
}

function describeEnum(field: DescField, { notIn }: EnumRules): string {
  const values = field.enum?.values.filter(({ number }) => !notIn.includes(number)) ?? [];
  return `must be one of ${values.map(({ name }) => name).join(', ')}`;
}

function describeList({ minItems, maxItems }: RepeatedRules): string {
  return minItems === 0n ? `must be a list of at most ${maxItems}` : `must be a list of ${minItems} to ${maxItems}`;
}
