import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { Static } from '@sinclair/typebox';
import {
  Channel,
  ChannelEnvironment,
  DeliveryState,
  type DeviceTimelineResponse,
  type GetPushResponse,
  InterruptionLevel,
  type ListDeliveriesResponse,
  type ListDevicesResponse,
  Platform,
  Priority,
  PushMsgType,
  PushState,
  TokenState,
  type Wake,
  WakePolicy,
  WakeState,
} from '../../link/wire.js';
import type { DeliveriesReport, DevicesReport, PushReport, TimelineReport } from './schemas.js';

/** Returns a push as REST callers see it, as JSON text: `extra` as it came, since parsed numbers would lose digits. */
export function toPushJson(push: GetPushResponse): string {
  const { content } = push;
  const report = {
    requestId: push.requestId,
    state: nameOf(PushState, push.state),
    platform: push.platform === Platform.UNSPECIFIED ? 'ALL' : nameOf(Platform, push.platform),
    tenantCode: push.tenantCode,
    pushMsgType: nameOf(PushMsgType, push.pushMsgType),
    needConfirm: push.needConfirm,
    clearOnRead: push.clearOnRead || undefined,
    collapseKey: filled(push.collapseKey),
    priority: nameOf(Priority, push.priority),
    createdAt: timeOf(push.createdAt),
    sendAt: push.sendAt && timeOf(push.sendAt),
    expiresAt: timeOf(push.expiresAt),
    messageIds: push.messageIds,
    deliveries: push.reach.case === 'deliveries' ? plain(push.reach.value) : undefined,
    topics: push.reach.case === 'topics' ? plain(push.reach.value) : undefined,
    wake: nameOf(WakePolicy, push.wake),
    wakes: push.wakes && plain(push.wakes),
    failure: filled(push.failure),
  } satisfies Loose<Static<typeof PushReport>>;
  if (content === undefined) return JSON.stringify(report);
  const { extraJson, wakeOverrides: _, interruption, ...texts } = plain(content);
  const shown = JSON.stringify({
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, value === '' ? undefined : value])),
    alert: content.alert,
    interruption: interruption === InterruptionLevel.UNSPECIFIED ? undefined : nameOf(InterruptionLevel, interruption),
  });
  return withMember(
    JSON.stringify(report),
    'content',
    extraJson === '' ? shown : withMember(shown, 'extra', extraJson),
  );
}

/** Returns a page of deliveries as REST callers see it. */
export function toDeliveriesJson({
  deliveries,
  nextPageToken,
}: ListDeliveriesResponse): Static<typeof DeliveriesReport> {
  return {
    deliveries: deliveries.map(({ deviceId, messageId, state, time }) => ({
      deviceId,
      messageId,
      state: nameOf(DeliveryState, state),
      time: time && timeOf(time),
    })),
    nextPageToken: filled(nextPageToken),
  };
}

/** Returns a page of devices as REST callers see it. */
export function toDevicesJson({ devices, nextPageToken }: ListDevicesResponse): Static<typeof DevicesReport> {
  return {
    devices: devices.map(({ deviceId, alias, platform, tags, mobile, registeredAt, presence, token }) => ({
      deviceId,
      alias,
      platform: nameOf(Platform, platform),
      tag: tags,
      mobile: filled(mobile),
      registeredAt: timeOf(registeredAt),
      onlineSince: presence?.since && timeOf(presence.since),
      push: token && {
        channel: nameOf(Channel, token.channel),
        environment: nameOf(ChannelEnvironment, token.environment || ChannelEnvironment.PRODUCTION),
        bundle: filled(token.bundle),
        state: nameOf(TokenState, token.state),
        since: timeOf(token.since),
        reason: filled(token.reason),
      },
    })),
    nextPageToken: filled(nextPageToken),
  };
}

/** Returns a page of what happened to a device's pushes as REST callers see it. */
export function toTimelineJson({ entries, nextPageToken }: DeviceTimelineResponse): Static<typeof TimelineReport> {
  return {
    entries: entries.map((entry) => ({
      requestId: entry.requestId,
      messageId: entry.messageId,
      state: nameOf(DeliveryState, entry.state),
      topic: entry.topic,
      needConfirm: entry.needConfirm,
      createdAt: timeOf(entry.createdAt),
      expiresAt: timeOf(entry.expiresAt),
      time: entry.time && timeOf(entry.time),
      wakes: entry.wakes.map(toWake),
    })),
    nextPageToken: filled(nextPageToken),
  };
}

function toWake({ channel, state, reason, time, attempts }: Wake) {
  return {
    channel: nameOf(Channel, channel),
    state: nameOf(WakeState, state),
    reason: filled(reason),
    time: timeOf(time),
    attempts,
  };
}

/** Members that are undefined are left out of JSON. */
type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** The name of a value that is never UNSPECIFIED in an answer of the core, as `keyof` all but that. */
function nameOf<E extends Record<string, string | number>>(
  names: E,
  value: number,
): Exclude<keyof E & string, 'UNSPECIFIED'> {
  // An enum's object has its names by their numbers.
  return names[value] as Exclude<keyof E & string, 'UNSPECIFIED'>;
}

/** A message without what belongs to the wire. */
function plain<M extends { $typeName: string; $unknown?: unknown }>(message: M): Omit<M, '$typeName' | '$unknown'> {
  const { $typeName: _, $unknown: __, ...members } = message;
  return members;
}

function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** @throws Error where the core left out a time that is always there */
function timeOf(time: Timestamp | undefined): string {
  if (time === undefined) throw new Error('an answer without a time');
  return timestampDate(time).toISOString();
}

/** The text of an object with another member at its end. */
function withMember(object: string, name: string, json: string): string {
  return `${object.slice(0, -1)},${JSON.stringify(name)}:${json}}`;
}
