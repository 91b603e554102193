import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { InterruptionLevel as WireLevel, WakePolicy as WirePolicy } from '../../../gen/onepush/v1/push_pb.js';
import { type WakeSchema, WakeState as WireState } from '../../../gen/onepush/v1/wake_pb.js';
import type { WakeReport } from '../../domain/queries.js';
import type { InterruptionLevel, WakePolicy, WakeState } from '../../domain/wake.js';
import { WIRE_CHANNEL } from './channel.js';

/**
 * Wake policies by the schema's numbers. OFFLINE is undefined: it says nothing that a push without it would not.
 */
export const WAKE_POLICY: Record<WirePolicy, WakePolicy | undefined> = {
  [WirePolicy.UNSPECIFIED]: undefined,
  [WirePolicy.NEVER]: 'NEVER',
  [WirePolicy.OFFLINE]: undefined,
  [WirePolicy.ALWAYS]: 'ALWAYS',
};

/** The schema's numbers of wake policies. */
export const WIRE_WAKE_POLICY: Record<WakePolicy, WirePolicy> = {
  NEVER: WirePolicy.NEVER,
  OFFLINE: WirePolicy.OFFLINE,
  ALWAYS: WirePolicy.ALWAYS,
};

/** Interruption levels by the schema's numbers. ACTIVE is undefined, as above. */
export const INTERRUPTION: Record<WireLevel, InterruptionLevel | undefined> = {
  [WireLevel.UNSPECIFIED]: undefined,
  [WireLevel.PASSIVE]: 'PASSIVE',
  [WireLevel.ACTIVE]: undefined,
  [WireLevel.TIME_SENSITIVE]: 'TIME_SENSITIVE',
  [WireLevel.CRITICAL]: 'CRITICAL',
};

/** The schema's numbers of interruption levels. */
export const WIRE_INTERRUPTION: Record<InterruptionLevel, WireLevel> = {
  PASSIVE: WireLevel.PASSIVE,
  ACTIVE: WireLevel.ACTIVE,
  TIME_SENSITIVE: WireLevel.TIME_SENSITIVE,
  CRITICAL: WireLevel.CRITICAL,
};

const WAKE_STATE: Record<WakeState, WireState> = {
  due: WireState.DUE,
  sending: WireState.SENDING,
  accepted: WireState.ACCEPTED,
  failed: WireState.FAILED,
  unknown: WireState.UNKNOWN,
  cancelled: WireState.CANCELLED,
};

/** Returns a wake of the schema. */
export function toWireWake({ channel, state, reason, at, attempts }: WakeReport): MessageInitShape<typeof WakeSchema> {
  return {
    channel: WIRE_CHANNEL[channel],
    state: WAKE_STATE[state],
    reason: reason ?? '',
    time: timestampFromMs(at),
    attempts,
  };
}
