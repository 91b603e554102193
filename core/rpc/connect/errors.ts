import { Code, ConnectError } from '@connectrpc/connect';
import type { OnePushError } from '../../../common/errors.js';
import { toDetails } from '../wire/failures.js';

/** Returns the error as Connect and gRPC-Web carry it. */
export function toConnectError(error: OnePushError): ConnectError {
  const { row, retryAfterSeconds: after } = error;
  const metadata = after === undefined ? undefined : { 'retry-after': String(after) };
  return new ConnectError(error.message, CODES[row.grpc], metadata, toDetails(error));
}

const CODES: Record<OnePushError['row']['grpc'], Code> = {
  INVALID_ARGUMENT: Code.InvalidArgument,
  UNAUTHENTICATED: Code.Unauthenticated,
  PERMISSION_DENIED: Code.PermissionDenied,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  UNIMPLEMENTED: Code.Unimplemented,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
};
