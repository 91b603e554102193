import { Code, ConnectError } from '@connectrpc/connect';
import { type ErrorDetail, ErrorDetailSchema } from '../gen/onepush/v1/error_pb.js';

/** One field that breaks a rule. */
export interface Violation {
  /** The field's JSON name: `audience.aliases[3]`. */
  readonly field: string;
  /** To be read after the name: `must be a string of 1 to 255 characters`. */
  readonly rule: string;
}

/** What a call failed with; every promise of the client rejects with one of these. */
export class CallError extends Error {
  override name = 'CallError';
  /** As gRPC names it: `UNAVAILABLE`. */
  readonly code: CodeName;
  /** The row of docs/errors.md, such as `INVALID_FIELDS`; absent where the failure is not of the service's making. */
  readonly reason: string | undefined;
  /** Every offending field; empty where the error is not about fields. */
  readonly violations: readonly Violation[];
  /** What the service's log knows an unexpected error by. */
  readonly requestId: string | undefined;
  /** After how many milliseconds the service wants to be asked again; absent where that does not help. */
  readonly retryAfterMs: number | undefined;

  constructor(code: CodeName, message: string, detail?: ErrorDetail, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = detail?.reason;
    this.violations = (detail?.violations ?? []).map(({ field, rule }) => ({ field, rule }));
    this.requestId = detail?.requestId || undefined;
    this.retryAfterMs = detail && detail.retryAfterSeconds > 0 ? detail.retryAfterSeconds * 1000 : undefined;
  }
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

const NAMES = new Map<number, CodeName>(
  // Object.entries forgets that its keys are those of the object.
  Object.entries(CODES).map(([name, code]) => [code, name as CodeName]),
);

/** The name of a gRPC status; what is not one is UNKNOWN. */
export function toCodeName(code: number): CodeName {
  return NAMES.get(code) ?? 'UNKNOWN';
}

/** What a transport has thrown. */
export function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const failure = ConnectError.from(error);
  const [detail] = failure.findDetails(ErrorDetailSchema);
  return new CallError(toCodeName(failure.code), failure.rawMessage, detail, error);
}
