import { randomUUID } from 'node:crypto';
import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { type ErrorDetail, ErrorDetailSchema } from '../../../gen/onepush/v1/error_pb.js';

/** The domain of the standard ErrorInfo: its reasons are ours. */
const DOMAIN = 'onepush.v1';

/**
 * Returns the failure as the caller is told of it. What is not meant for callers becomes UNEXPECTED with a request id
 * under which the log has the cause.
 */
export function toOnePushError(error: unknown, log: Logger): OnePushError {
  if (error instanceof OnePushError) return error;
  const requestId = randomUUID();
  log.error({ requestId, ...describeError(error) }, 'a call failed unexpectedly');
  return new OnePushError('UNEXPECTED', { requestId, cause: error });
}

/** Returns our own detail of an error. */
export function toErrorDetail({ reason, retryAfterSeconds, details }: OnePushError): ErrorDetail {
  return create(ErrorDetailSchema, {
    reason,
    violations: (details.violations ?? []).map(({ field, rule }) => ({ field, rule })),
    requestId: details.requestId ?? '',
    retryAfterSeconds: retryAfterSeconds ?? 0,
    limit: details.limit ?? '',
  });
}

/** Returns the details of an error over RPC: our own, and gRPC's standard ones, which tools know. */
export function toDetails(error: OnePushError): { desc: DescMessage; value: Message }[] {
  const own = toErrorDetail(error);
  const { reason, violations, requestId, retryAfterSeconds, limit } = own;
  const metadata: Record<string, string> = {};
  if (requestId !== '') metadata.requestId = requestId;
  if (limit !== '') metadata.limit = limit;
  const found: { desc: DescMessage; value: Message }[] = [
    { desc: ErrorDetailSchema, value: own },
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: DOMAIN, metadata }) },
  ];
  if (violations.length > 0) {
    const fieldViolations = violations.map(({ field, rule }) => ({ field, description: rule }));
    found.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (retryAfterSeconds > 0) {
    const retryDelay = { seconds: BigInt(retryAfterSeconds) };
    found.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  return found;
}
