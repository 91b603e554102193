import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, status } from '@grpc/grpc-js';
import { OnePushError } from '../../../common/errors.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { toDetails } from './failures.js';

/**
 * Returns the error as gRPC carries it: its status, its message, and a google.rpc.Status with details in the standard
 * trailer.
 */
export function toStatus(error: OnePushError): { code: status; details: string; metadata: Metadata } {
  const fitting = withinTrailers(error);
  const code = status[error.row.grpc];
  const details = toDetails(fitting).map(({ desc, value }) => anyPack(desc, value));
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message: fitting.message, details }));
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  if (error.reason === 'COMPRESSED') metadata.set('grpc-accept-encoding', 'identity');
  return { code, details: fitting.message, metadata };
}

/**
 * Clients refuse trailers of more than 8 KiB, and then there is no error at all. A violation is in them four times,
 * three of these in base64.
 */
const VIOLATION_CHARACTERS = 1200;

/** The same error with as many of its violations, the first ones, as fit into trailers. */
function withinTrailers(error: OnePushError): OnePushError {
  const { violations = [] } = error.details;
  let characters = 0;
  const end = violations.findIndex(({ field, rule }) => {
    characters += field.length + rule.length;
    return characters > VIOLATION_CHARACTERS;
  });
  if (end < 0) return error;
  return new OnePushError(error.reason, { ...error.details, violations: violations.slice(0, Math.max(end, 1)) });
}
