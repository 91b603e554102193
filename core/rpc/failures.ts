import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../common/errors.js';
import { describeError, type Logger } from '../../common/log.js';
import { type ErrorDetail, ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';

/**
 * What a caller is told of a failure. What is not meant for callers becomes UNEXPECTED with a request id under which the
 * log has the cause.
 */
export function toOnePushError(error: unknown, log: Logger): OnePushError {
  if (error instanceof OnePushError) return error;
  const requestId = randomUUID();
  log.error({ requestId, ...describeError(error) }, 'a call failed unexpectedly');
  return new OnePushError('UNEXPECTED', { requestId, cause: error });
}

export function toErrorDetail({ reason, row, details }: OnePushError): ErrorDetail {
  return create(ErrorDetailSchema, {
    reason,
    violations: (details.violations ?? []).map(({ field, rule }) => ({ field, rule })),
    requestId: details.requestId ?? '',
    retryAfterSeconds: row.retryAfter ?? 0,
  });
}
