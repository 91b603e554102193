import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { None } from '../../../common/every.js';
import { PushMsgType, Priority as WirePriority } from '../../../gen/onepush/v1/push_pb.js';
import {
  type GetPushResponse,
  type GetPushResponseSchema,
  type ListPushesResponse_PushSchema,
  GetPushResponse_State as State,
  type PushContent as WireContent,
  PushReach as WireReach,
} from '../../../gen/onepush/v1/query_pb.js';
import type { Priority, PushContent, PushHeader } from '../../domain/push.js';
import { type PushReach, type PushState, type PushSummary, stateOfPush } from '../../domain/push-list.js';
import type { PushReport } from '../../domain/queries.js';
import { toWirePlatform } from './enums.js';
import { WIRE_INTERRUPTION, WIRE_WAKE_POLICY } from './wake.js';

const WIRE_PRIORITY: Record<Priority, WirePriority> = {
  LOW: WirePriority.LOW,
  NORMAL: WirePriority.NORMAL,
  HIGH: WirePriority.HIGH,
};

const WIRE_STATE: Record<PushState, State> = {
  scheduled: State.SCHEDULED,
  running: State.RUNNING,
  sent: State.SENT,
  expired: State.EXPIRED,
  recalled: State.RECALLED,
  failed: State.FAILED,
};
// Object.keys of a Record are its keys.
const STATES = Object.keys(WIRE_STATE) as PushState[];

const WIRE_REACH: Record<PushReach, WireReach> = {
  devices: WireReach.DEVICES,
  topics: WireReach.TOPICS,
  unknown: WireReach.UNSPECIFIED,
};

/** The argument of `create`, with every field. */
type Answer = {
  [K in Exclude<keyof GetPushResponse, keyof Message>]: MessageInitShape<typeof GetPushResponseSchema>[K];
};
/** Do not compile where a push has a field that its report has not. */
export type ForgottenInReport = None<Exclude<keyof PushHeader, keyof GetPushResponse | 'appId' | 'appNum' | 'msgType'>>;
/** Does not compile if a field of the content is forgotten. */
export type ForgottenInContent = None<Exclude<keyof PushContent, keyof WireContent | 'extra'>>;

/** @param now milliseconds since the epoch */
export function toPushReport(report: PushReport, now: number): Answer {
  const { content, counts, job } = report;
  const targeted = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    requestId: String(report.id),
    state: WIRE_STATE[stateOfPush(report, now)],
    platform: toWirePlatform(report.platform),
    tenantCode: report.tenantCode,
    pushMsgType: report.msgType === 'CMD' ? PushMsgType.CMD : PushMsgType.MSG,
    needConfirm: report.needConfirm,
    collapseKey: report.collapseKey,
    priority: WIRE_PRIORITY[report.priority],
    createdAt: timestampFromMs(report.createdAt),
    sendAt: job !== undefined && job.dueAt > report.createdAt ? timestampFromMs(job.dueAt) : undefined,
    expiresAt: timestampFromMs(report.expiresAt),
    content: content && {
      ...content,
      extraJson: content.extra ?? '',
      interruption: content.interruption && WIRE_INTERRUPTION[content.interruption],
    },
    messageIds: report.messageIds.map(String),
    failure: job?.failure ?? '',
    wake: WIRE_WAKE_POLICY[report.wake],
    clearOnRead: report.clearOnRead ?? false,
    wakes: Object.values(report.wakes).some((count) => count > 0) ? report.wakes : undefined,
    reach: report.topic
      ? { case: 'topics', value: { published: report.published, confirmed: counts.confirmed } }
      : { case: 'deliveries', value: { targeted, ...counts } },
  };
}

/** Returns a push of a list. */
export function toWireSummary(push: PushSummary): MessageInitShape<typeof ListPushesResponse_PushSchema> {
  return {
    requestId: String(push.id),
    state: WIRE_STATE[push.state],
    reach: WIRE_REACH[push.reach],
    platform: toWirePlatform(push.platform),
    tenantCode: push.tenantCode,
    pushMsgType: push.msgType === 'CMD' ? PushMsgType.CMD : PushMsgType.MSG,
    needConfirm: push.needConfirm,
    priority: WIRE_PRIORITY[push.priority],
    createdAt: timestampFromMs(push.createdAt),
    sendAt: push.sendAt === undefined ? undefined : timestampFromMs(push.sendAt),
    expiresAt: timestampFromMs(push.expiresAt),
    devices: push.devices,
    alert: push.alert ?? '',
  };
}

/** Returns the state that is asked for; undefined: any. */
export function fromWirePushState(state: State): PushState | undefined {
  return STATES.find((known) => WIRE_STATE[known] === state);
}

/** Returns the kind that is asked for; undefined: any. */
export function fromWireReach(reach: WireReach): PushReach | undefined {
  if (reach === WireReach.DEVICES) return 'devices';
  return reach === WireReach.TOPICS ? 'topics' : undefined;
}
