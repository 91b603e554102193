import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type { OnePushClient } from '../../client/client.js';
import type { WhyDevice, WhyEntry, WhyFacts, WhyPush } from '../../common/why/facts.js';
import { explain, type Finding } from '../../common/why/why.js';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { Platform, RegisteredToken_State as TokenState } from '../../gen/onepush/v1/device_pb.js';
import {
  type DeviceTimelineRequest,
  type DeviceTimelineResponse_Entry as Entry,
  type GetPushResponse,
  GetPushResponse_State as PushState,
} from '../../gen/onepush/v1/query_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { WakeState } from '../../gen/onepush/v1/wake_pb.js';
import type { CommandSpec, Context } from '../command.js';
import { plain } from '../terminal.js';

const DEVICE_ID = /^[0-9a-f]{32}$/;
const COLOURS = { arrived: 'green', waits: 'yellow', lost: 'red', nothing: 'yellow' } as const;

/** `onepush why`. */
export const why: CommandSpec = {
  name: 'why',
  summary: 'Says in words why messages did or did not arrive, and what to do',
  args: [{ name: '<user>', means: 'an alias, or a device id' }],
  options: [
    { flags: '--push <id>', means: 'only about this push, and why it was not for a device' },
    { flags: '--limit <number>', means: 'about so many of the last pushes, 1 to 1000 (10)' },
  ],
  example: 'onepush why alice',
  json: {
    findings: [{ code: 'NO_TOKEN', level: 'waits', deviceId: '…', requestId: '244946072924160', text: '…', next: '…' }],
  },
  async run(context, input) {
    const client = await context.connect('app');
    const limit = input.integer('limit', 1, 1000) ?? 10;
    const findings = explain(await readFacts(client, input.required(0), input.text('push'), limit));
    const text = findings.map((finding) => toText(finding, context)).join('\n\n');
    context.print({ findings: findings.map(toRow) }, text || 'There is nothing to say: ask for a device by its id.');
    return undefined;
  },
};

/** @throws ConnectError NOT_FOUND where there is no such push, or no such device */
async function readFacts(
  client: OnePushClient,
  name: string,
  requestId: string | undefined,
  limit: number,
): Promise<WhyFacts> {
  const isDevice = DEVICE_ID.test(name);
  const push = requestId === undefined ? undefined : toWhyPush(await client.getPush({ requestId }));
  const [{ devices, nextPageToken }, timeline] = await Promise.all([
    isDevice ? { devices: [unknownDevice(name)], nextPageToken: '' } : readDevices(client, name),
    readTimeline(client, isDevice ? { case: 'deviceId', value: name } : { case: 'alias', value: name }, push, limit),
  ]);
  // The timeline is of the 100 devices that registered last, and so is complete only where there are no others.
  const isComplete = timeline.isComplete && nextPageToken === '';
  return { devices, entries: timeline.entries.map(toWhyEntry), isComplete, push, now: Date.now() };
}

/** Reads the last entries, or those of a push, which may be far back. */
async function readTimeline(
  client: OnePushClient,
  device: DeviceTimelineRequest['device'],
  push: WhyPush | undefined,
  limit: number,
): Promise<{ entries: Entry[]; isComplete: boolean }> {
  const found: Entry[] = [];
  let pageToken = '';
  do {
    const page = await client.deviceTimeline({ device, pageSize: push === undefined ? limit : 1000, pageToken });
    found.push(...page.entries.filter(({ requestId }) => push === undefined || requestId === push.requestId));
    pageToken = page.nextPageToken;
    const oldest = page.entries.at(-1)?.createdAt;
    // Entries come the newest first; all of a push are made after it was accepted.
    if (push !== undefined && oldest !== undefined && timestampMs(oldest) < push.createdAt) pageToken = '';
  } while (pageToken !== '' && (push !== undefined || found.length < limit));
  return { entries: found.slice(0, limit), isComplete: pageToken === '' && found.length <= limit };
}

function toWhyEntry(entry: Entry): WhyEntry {
  return {
    deviceId: entry.deviceId,
    requestId: entry.requestId,
    state: DeliveryState[entry.state] ?? 'UNSPECIFIED',
    needConfirm: entry.needConfirm,
    createdAt: toMs(entry.createdAt) ?? 0,
    expiresAt: toMs(entry.expiresAt) ?? 0,
    endedAt: toMs(entry.time),
    wakes: entry.wakes.map((wake) => ({
      channel: Channel[wake.channel] ?? 'UNSPECIFIED',
      state: WakeState[wake.state] ?? 'UNSPECIFIED',
      reason: wake.reason,
    })),
  };
}

function toWhyPush(push: GetPushResponse): WhyPush {
  return {
    requestId: push.requestId,
    state: PushState[push.state] ?? 'UNSPECIFIED',
    platform: push.platform === Platform.UNSPECIFIED ? undefined : Platform[push.platform],
    isListed: push.reach.case === 'deliveries' && push.messageIds.every((id) => id === push.requestId),
    createdAt: toMs(push.createdAt) ?? 0,
    sendAt: toMs(push.sendAt),
    failure: push.failure,
  };
}

function toMs(time: Timestamp | undefined): number | undefined {
  return time && timestampMs(time);
}

/** A device that was asked for by its id: there is no look-up of one by that. */
function unknownDevice(deviceId: string): WhyDevice {
  return { deviceId, isOnline: undefined, token: undefined, isKnown: false };
}

async function readDevices(
  client: OnePushClient,
  alias: string,
): Promise<{ devices: WhyDevice[]; nextPageToken: string }> {
  const page = await client.listDevices({ filter: { case: 'alias', value: alias }, pageSize: 100 });
  const devices = page.devices.map(({ deviceId, presence, token, platform, registeredAt }) => ({
    deviceId,
    isKnown: true,
    isOnline: presence !== undefined,
    platform: Platform[platform],
    registeredAt: toMs(registeredAt),
    token: token && {
      channel: Channel[token.channel] ?? 'UNSPECIFIED',
      state: TokenState[token.state] ?? 'UNSPECIFIED',
      reason: token.reason,
    },
  }));
  return { devices, nextPageToken: page.nextPageToken };
}

function toRow({ code, level, deviceId, requestId, text, next }: Finding) {
  return {
    code,
    level,
    deviceId: deviceId || undefined,
    requestId: requestId || undefined,
    text,
    next: next || undefined,
  };
}

function toText({ level, deviceId, requestId, text, next }: Finding, { terminal }: Context): string {
  const head = [requestId && `push ${requestId}`, deviceId && `device ${deviceId.slice(0, 8)}…`]
    .filter(Boolean)
    .join(', ');
  const lines = [
    head && terminal.paint('bold', head),
    terminal.paint(COLOURS[level], plain(text)),
    next && `→ ${next}`,
  ];
  return lines.filter(Boolean).join('\n  ');
}
