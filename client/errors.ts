import { Code, ConnectError } from '@connectrpc/connect';
import { type ErrorDetail, ErrorDetailSchema } from '../gen/onepush/v1/error_pb.js';

/** One field that breaks a rule. */
export interface Violation {
  /** The field's JSON name: `audience.aliases[3]`. */
  readonly field: string;
  /** To be read after the name: `must be a string of 1 to 255 characters`. */
  readonly rule: string;
}

/** The error with which every promise of the client rejects. */
export class CallError extends Error {
  override name = 'CallError';
  /** As gRPC names it: `UNAVAILABLE`. */
  readonly code: CodeName;
  /** The row of docs/errors.md, such as `INVALID_FIELDS`; absent where the failure is not of the service's making. */
  readonly reason: string | undefined;
  /** Every offending field; empty where the error is not about fields. */
  readonly violations: readonly Violation[];
  /** The id under which the service's log has the cause of an unexpected error. */
  readonly requestId: string | undefined;
  /** After how many milliseconds the service wants to be asked again; absent where that does not help. */
  readonly retryAfterMs: number | undefined;
  /**
   * True if the service may have carried the call out all the same, since its answer got lost; false where it certainly
   * has not. What is in doubt may be sent again with the same idempotency key.
   */
  readonly inDoubt: boolean;

  constructor(code: CodeName, message: string, detail?: Detail, cause?: unknown, inDoubt?: boolean) {
    super(message, { cause });
    this.code = code;
    this.reason = detail?.reason;
    this.violations = (detail?.violations ?? []).map(({ field, rule }) => ({ field, rule }));
    this.requestId = detail?.requestId || undefined;
    this.retryAfterMs = detail?.retryAfterSeconds ? detail.retryAfterSeconds * 1000 : undefined;
    this.inDoubt = inDoubt ?? breaksOnTheWay(code, this.reason);
  }
}

/** The service's own description of a failure. */
type Detail = Partial<Pick<ErrorDetail, 'reason' | 'requestId' | 'retryAfterSeconds'>> & {
  readonly violations?: readonly Violation[];
};

/**
 * Returns true if a failure leaves open what the service has done. Without a reason it does not come from the service,
 * but from the connection.
 */
function breaksOnTheWay(code: CodeName, reason: string | undefined): boolean {
  if (code === 'UNAVAILABLE') return true;
  return reason === undefined && (BROKEN as readonly CodeName[]).includes(code);
}

/** The names that gRPC gives its codes. */
export type CodeName = keyof typeof CODES;

const CODES = {
  CANCELLED: Code.Canceled,
  UNKNOWN: Code.Unknown,
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  PERMISSION_DENIED: Code.PermissionDenied,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  ABORTED: Code.Aborted,
  OUT_OF_RANGE: Code.OutOfRange,
  UNIMPLEMENTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
  DATA_LOSS: Code.DataLoss,
  UNAUTHENTICATED: Code.Unauthenticated,
} as const;

/** Statuses with which a connection breaks. */
const BROKEN = ['ABORTED', 'INTERNAL', 'DEADLINE_EXCEEDED', 'CANCELLED', 'UNKNOWN'] as const;

const NAMES = new Map<number, CodeName>(
  // Object.entries forgets that its keys are those of the object.
  Object.entries(CODES).map(([name, code]) => [code, name as CodeName]),
);

/** The name of a gRPC status; what is not one is UNKNOWN. */
export function toCodeName(code: number): CodeName {
  return NAMES.get(code) ?? 'UNKNOWN';
}

/** Returns the error for whatever a transport has thrown. */
export function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const failure = ConnectError.from(error);
  const [detail] = failure.findDetails(ErrorDetailSchema);
  const unsent = detail === undefined && failedToConnect(failure);
  return new CallError(toCodeName(failure.code), failure.rawMessage, detail, error, unsent ? false : undefined);
}

const MAYBE = 'it may have been accepted all the same';
const SURELY_NOT = 'nothing was sent';

/** Makes the error of a call whose signal is aborted. */
export function cancelled(inDoubt: boolean): CallError {
  return new CallError(
    'CANCELLED',
    `The call was cancelled; ${inDoubt ? MAYBE : SURELY_NOT}`,
    undefined,
    undefined,
    inDoubt,
  );
}

/** Makes the error of a call whose time is over before it is made. */
export function noTimeLeft(): CallError {
  return new CallError(
    'DEADLINE_EXCEEDED',
    `There was no time left to send it; ${SURELY_NOT}`,
    undefined,
    undefined,
    false,
  );
}

/** Makes the error of a call to a client that is closed. */
export function clientClosed(): CallError {
  return new CallError('CANCELLED', `The client is closed; ${SURELY_NOT}`, undefined, undefined, false);
}

/**
 * The failure that a call ends with after attempts that failed on the way.
 *
 * @param inDoubt whether any of its attempts may have been carried out
 */
export function toFinalError(last: CallError, inDoubt: boolean): CallError {
  const { code, reason, violations, requestId, retryAfterMs = 0 } = last;
  const message = `${last.message}; ${inDoubt ? MAYBE : SURELY_NOT}`;
  return new CallError(
    code,
    message,
    { reason, violations, requestId, retryAfterSeconds: retryAfterMs / 1000 },
    last,
    inDoubt,
  );
}

/** Texts of @grpc/grpc-js for a call that never had a connection: there is nothing else to know it by. */
const UNCONNECTED = /^No connection established|^Name resolution failed|Waiting for LB pick/;

/** Returns true if nothing was sent, since there was no connection. */
function failedToConnect({ rawMessage, cause }: ConnectError): boolean {
  const failures = cause instanceof AggregateError ? cause.errors : [cause];
  return UNCONNECTED.test(rawMessage) || failures.every((failure) => isOfConnecting(failure));
}

/** Returns true if an error is one of Node.js, of a socket that was not made. */
function isOfConnecting(error: unknown): boolean {
  if (!(error instanceof Error && 'syscall' in error)) return false;
  return error.syscall === 'connect' || error.syscall === 'getaddrinfo';
}
