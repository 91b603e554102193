import { ConfigError } from '../common/settings/env.js';
import { systemReason } from '../common/system-reason.js';
import { EXITS, type Exit } from './exits.js';
import { explainStoreCode } from './store-codes.js';

/** Facts that a program may want to know of a failure. */
export interface FailureDetail {
  /** The row of docs/errors.md and the fields, where the service said so. */
  readonly reason?: string;
  readonly fields?: readonly string[];
  /** The push that was sent before. */
  readonly requestId?: string;
}

/** A failure in words for people: one line that says what is wrong, and one that says what to do. */
export class Failure extends Error {
  override name = 'Failure';
  constructor(
    readonly exit: Exclude<Exit, 'ok'>,
    message: string,
    /** Next step; empty where the message says it. */
    readonly hint = '',
    readonly detail: FailureDetail = {},
  ) {
    super(message);
  }
}

/** Ends by the codes of gRPC; all others are `failed`. */
const EXIT_BY_CODE: Readonly<Record<string, Exclude<Exit, 'ok'>>> = {
  INVALID_ARGUMENT: 'usage',
  OUT_OF_RANGE: 'usage',
  UNAVAILABLE: 'unreachable',
  DEADLINE_EXCEEDED: 'unreachable',
  UNAUTHENTICATED: 'denied',
  PERMISSION_DENIED: 'denied',
  NOT_FOUND: 'missing',
  ALREADY_EXISTS: 'conflict',
  FAILED_PRECONDITION: 'conflict',
  ABORTED: 'conflict',
  RESOURCE_EXHAUSTED: 'limited',
  CANCELLED: 'interrupted',
};

/** Next steps, by the end; what is not here needs none. */
const HINTS: Partial<Record<Exit, string>> = {
  unreachable: 'Is it running there? `onepush doctor` looks; --server and `onepush profile` say where.',
  denied: 'Set ONEPUSH_APP_ID and ONEPUSH_APP_KEY, or ONEPUSH_ADMIN_TOKEN, or add a profile: `onepush profile add`.',
  limited: 'Try again later, or have an admin raise the limit.',
};

/** Next steps of refusals that other credentials do not help, or only some. */
const HINTS_BY_REASON: Readonly<Record<string, string>> = {
  WRONG_ADMIN_TOKEN: 'Look at ONEPUSH_ADMIN_TOKEN, or at the profile: the core takes the one that it was started with.',
  WRONG_APP_KEY: 'Look at ONEPUSH_APP_ID and ONEPUSH_APP_KEY, or at the profile: `onepush profile list`.',
  APP_DISABLED: 'An admin enables it: `onepush apps enable ID`.',
  WRONG_SCOPE: 'An admin sees its scope with `onepush keys list`, and makes a key for this with `onepush keys create`.',
};

/** Returns what a command ends with, for whatever it has thrown. Never a stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ConfigError) {
    return new Failure('usage', error.problems.join('; '), 'docs/operations.md has all settings.');
  }
  if (!(error instanceof Error)) return new Failure('failed', 'something unexpected was thrown');
  const system = systemReason(error);
  if (system !== undefined) return new Failure('failed', system);
  if (error.name === 'CallError') return ofCall(error);
  if (error.name.startsWith('Store')) return ofStore(error);
  return new Failure('failed', `unexpected: ${firstLine(error.message) || error.name}`, 'Please report it.');
}

/** A CallError, known by its name: its class would load the whole client. */
function ofCall(error: Error): Failure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const exit = EXIT_BY_CODE[code] ?? 'failed';
  const reason = 'reason' in error && typeof error.reason === 'string' ? { reason: error.reason } : {};
  // What an edge says, or a port of gRPC to whoever speaks HTTP/1.1.
  if ((code === 'UNIMPLEMENTED' && !('reason' in reason)) || error.message.startsWith('Parse Error')) {
    return new Failure('unreachable', 'what answers there is no core, or one of another release', HINTS.unreachable);
  }
  const secure = reason.reason === undefined ? ofTls(error) : undefined;
  if (secure !== undefined) return secure;
  const violations = 'violations' in error && Array.isArray(error.violations) ? error.violations : [];
  const fields = violations.length === 0 ? {} : { fields: violations.map(({ field }) => String(field)) };
  // What @grpc/grpc-js says of a refused connection has addresses and traces of attempts.
  const message =
    'reason' in reason || exit !== 'unreachable' ? firstLine(error.message) : 'the service does not answer';
  const hint = HINTS_BY_REASON[reason.reason ?? ''] ?? HINTS[exit] ?? '';
  return new Failure(exit, message, hint, { ...reason, ...fields });
}

/** Failures of TLS, by the words of Node.js and OpenSSL. */
const TLS_FAULTS: readonly (readonly [RegExp, string, string])[] = [
  [/altname/i, 'the certificate has not the name that was called', 'Call it by a name or address that it has.'],
  [/certificate/i, 'the certificate is not trusted', '--ca names a file with its CA.'],
  [/EPROTO|SSL routines/, 'what answers there does not speak TLS', 'Leave out --tls and --ca, and write http://.'],
  [/EPIPE|ECONNRESET|hang up/, 'what answers there is no core, or speaks TLS', 'Give --tls or https:// where it does.'],
];

/** Returns what kept a connection from being made, if it was TLS, or the want of it; undefined: it was not. */
export function ofTls({ message }: Error): Failure | undefined {
  const [, says, hint] = TLS_FAULTS.find(([words]) => words.test(message)) ?? [];
  return says === undefined ? undefined : new Failure('unreachable', says, hint);
}

function ofStore(error: Error): Failure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'NO_STORE') {
    const hint = 'Look at ONEPUSH_DATABASE_URL; `onepush migrate` makes a new store.';
    return new Failure('missing', firstLine(error.message), hint);
  }
  const { says, next } = explainStoreCode(code);
  return new Failure('unreachable', says ?? firstLine(error.message), next);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** The failure as `--json` prints it. */
export function toJson({ exit, message, hint, detail }: Failure): Record<string, unknown> {
  return { error: { kind: exit, exitCode: EXITS[exit].code, message, ...(hint === '' ? {} : { hint }), ...detail } };
}
