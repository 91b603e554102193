import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ChannelCredential,
  ChannelCredentialSchema,
  ChannelState,
  type TestChannelResponse,
  TestChannelResponseSchema,
  TestResult,
} from '../../../gen/onepush/v1/channel_pb.js';
import type { ProbeResult } from '../../channel/channel.js';
import type { ListedCredential } from '../../channel/credentials.js';
import type { BreakerState } from '../../channel/host.js';
import { WIRE_CHANNEL } from './channel.js';

const STATE: Record<BreakerState, ChannelState> = {
  closed: ChannelState.READY,
  open: ChannelState.DOWN,
  half_open: ChannelState.TRYING,
};

const RESULT: Record<ProbeResult['kind'], TestResult> = {
  ok: TestResult.OK,
  refused: TestResult.REFUSED,
  unreachable: TestResult.UNREACHABLE,
  unsupported: TestResult.UNSUPPORTED,
};

/** Returns a credential as an admin sees it. */
export function toWireCredential(credential: ListedCredential): ChannelCredential {
  const { name, channel, settings, state, createdAt, updatedAt } = credential;
  const shared = { name, channel: WIRE_CHANNEL[channel], settings, createdAt: at(createdAt), updatedAt: at(updatedAt) };
  if (state.kind === 'locked') {
    return create(ChannelCredentialSchema, { ...shared, state: ChannelState.LOCKED, reason: state.reason });
  }
  const { breaker, breakerReason, lastSuccessAt, lastFailure } = state.status;
  return create(ChannelCredentialSchema, {
    ...shared,
    state: STATE[breaker],
    reason: breakerReason ?? '',
    lastSuccessAt: at(lastSuccessAt),
    lastFailureAt: at(lastFailure?.at),
    lastFailureReason: lastFailure?.reason ?? '',
  });
}

/** Returns the vendor's answer to a probe. */
export function toTestResponse(result: ProbeResult): TestChannelResponse {
  return create(TestChannelResponseSchema, {
    result: RESULT[result.kind],
    reason: 'reason' in result ? result.reason : '',
  });
}

function at(ms: number | undefined) {
  return ms === undefined ? undefined : timestampFromMs(ms);
}
