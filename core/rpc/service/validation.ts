import { type DescField, type DescMessage, getOption, type Message } from '@bufbuild/protobuf';
import type { Path } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation as RuleViolation } from '@bufbuild/protovalidate';
import { OnePushError, type Violation } from '../../../common/errors.js';
import { field as fieldRules } from '../../../gen/buf/validate/validate_pb.js';
import { eachHandler, type PushCoreHandlers } from './handlers.js';
import { describeRules } from './rule-wording.js';

/** A message names at most so many fields: what is wrong with a thousand of them is clear from a few. */
const MAX_VIOLATIONS = 20;

/**
 * SendPush is a hot path: protovalidate costs 5 µs for a push, and fromSendPush checks the same rules compiled. A
 * property test holds both together. Both of these have audiences, whose trees no rule of the schema bounds.
 */
const CHECKS_ITSELF: ReadonlySet<string> = new Set(['sendPush', 'estimateAudience']);

const patterns = new Map<string, RegExp>();
const validator = createValidator({
  // The patterns are those of our schema and take linear time; Node's engine is many times faster than RE2 in
  // JavaScript.
  regexMatch(pattern, text) {
    let compiled = patterns.get(pattern);
    if (compiled === undefined) {
      compiled = new RegExp(pattern, 'u');
      patterns.set(pattern, compiled);
    }
    return compiled.test(text);
  },
});

/** Every field of the message that breaks a rule of the schema, once; nothing if it is valid. */
export function findViolations(schema: DescMessage, message: Message): Violation[] {
  const result = validator.validate(schema, message);
  if (result.kind === 'valid') return [];
  if (result.kind === 'error') throw result.error;
  const found = new Map<string, string>();
  for (const violation of result.violations) {
    const name = nameOf(violation.field);
    if (!found.has(name)) found.set(name, ruleOf(violation));
    if (found.size >= MAX_VIOLATIONS) break;
  }
  return [...found].map(([field, rule]) => ({ field, rule }));
}

/**
 * The same handlers, called only with requests that keep the rules of the schema. Those that take a stream of requests
 * check each themselves.
 */
export function validateRequests(handlers: PushCoreHandlers): PushCoreHandlers {
  const checked = [...eachHandler(handlers)].map(({ method, handler }) => {
    if (method.methodKind === 'bidi_streaming' || CHECKS_ITSELF.has(method.localName)) {
      return [method.localName, handler];
    }
    // A handler has the kind of its method: the type of PushCoreHandlers says so.
    const handle = handler as (request: Message, call: unknown) => unknown;
    const check = (request: Message): void => {
      const violations = findViolations(method.input, request);
      if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
    };
    if (method.methodKind === 'unary') {
      const unary = async (request: Message, call: unknown) => {
        check(request);
        return handle(request, call);
      };
      return [method.localName, unary];
    }
    const stream = (request: Message, call: unknown) => {
      check(request);
      return handle(request, call);
    };
    return [method.localName, stream];
  });
  // Every method is there, with the types of its handler.
  return Object.fromEntries(checked) as PushCoreHandlers;
}

/** `audience.aliases.values[3]`: the names that JSON has. */
function nameOf(path: Path): string {
  let name = '';
  for (const part of path) {
    if (part.kind === 'list_sub') name += `[${part.index}]`;
    else if (part.kind === 'field') name += `${name === '' ? '' : '.'}${part.jsonName}`;
    else if (part.kind === 'oneof') name += `${name === '' ? '' : '.'}${part.name}`;
  }
  return name;
}

/** The whole rule of the field, whichever part of it was broken. */
function ruleOf({ field: path, message }: RuleViolation): string {
  const oneof = path.at(-1);
  if (oneof?.kind === 'oneof') {
    return `is required: it must be one of ${oneof.fields.map(({ jsonName }) => jsonName).join(', ')}`;
  }
  const inList = path.at(-1)?.kind === 'list_sub';
  const field = path.findLast((part): part is DescField => part.kind === 'field');
  return (field && describeRules(field, getOption(field, fieldRules), inList)) ?? message;
}
