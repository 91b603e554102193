import { create } from '@bufbuild/protobuf';
import type { CheckReadiness } from '../../common/http/server.js';
import {
  AcknowledgeResponseSchema,
  type Call,
  CheckReadinessResponseSchema,
  ReadHistoryResponseSchema,
  type Reply,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import { createReadHistory } from '../delivery/history.js';
import { type AcknowledgeParts, createAcknowledge } from '../delivery/sessions/acknowledge.js';

/** Calls that are no methods of PushCore: of an edge itself, or of a device. They show nothing but the link's token. */
export type EdgeCall = Call['request'] & { case: 'checkReadiness' | 'acknowledge' | 'readHistory' };

/** Answers such a call. Rejects with what its handler rejects with. */
export type AnswerEdge = (request: EdgeCall) => Promise<Reply['result']>;

/** Returns what answers them. */
export function createAnswerEdge(
  parts: AcknowledgeParts & { checkReadiness: CheckReadiness; store: Parameters<typeof createReadHistory>[0] },
): AnswerEdge {
  const acknowledge = createAcknowledge(parts);
  const readHistory = createReadHistory(parts.store);
  return async (request) => {
    if (request.case === 'acknowledge') {
      await acknowledge(request.value);
      return { case: request.case, value: create(AcknowledgeResponseSchema) };
    }
    if (request.case === 'readHistory') {
      return { case: request.case, value: create(ReadHistoryResponseSchema, await readHistory(request.value)) };
    }
    const obstacle = (await parts.checkReadiness()) ?? '';
    return { case: request.case, value: create(CheckReadinessResponseSchema, { obstacle }) };
  };
}
