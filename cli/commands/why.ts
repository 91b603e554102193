import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { OnePushClient } from '../../client/client.js';
import type { WhyDevice, WhyFacts } from '../../common/why/facts.js';
import { explain, type Finding } from '../../common/why/why.js';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { RegisteredToken_State as TokenState } from '../../gen/onepush/v1/device_pb.js';
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
    { flags: '--push <id>', means: 'only about this push' },
    { flags: '--limit <number>', means: 'about so many of the last pushes, 1 to 1000 (10)' },
  ],
  example: 'onepush why alice',
  json: {
    findings: [{ code: 'NO_TOKEN', level: 'waits', deviceId: '…', requestId: '244946072924160', text: '…', next: '…' }],
  },
  async run(context, input) {
    const client = await context.connect('app');
    const wanted = input.text('push');
    const limit = input.integer('limit', 1, 1000) ?? 10;
    const facts = await readFacts(client, input.required(0), wanted === undefined ? limit : 1000);
    const entries = facts.entries
      .filter(({ requestId }) => wanted === undefined || requestId === wanted)
      .slice(0, limit);
    const findings = explain({ ...facts, entries });
    context.print({ findings: findings.map(toRow) }, findings.map((finding) => toText(finding, context)).join('\n\n'));
    return undefined;
  },
};

async function readFacts(client: OnePushClient, name: string, limit: number): Promise<WhyFacts> {
  const isDevice = DEVICE_ID.test(name);
  const [devices, timeline] = await Promise.all([
    isDevice ? [unknownDevice(name)] : readDevices(client, name),
    client.deviceTimeline({
      device: isDevice ? { case: 'deviceId', value: name } : { case: 'alias', value: name },
      pageSize: limit,
    }),
  ]);
  return {
    devices,
    entries: timeline.entries.map((entry) => ({
      deviceId: entry.deviceId,
      requestId: entry.requestId,
      state: DeliveryState[entry.state] ?? 'UNSPECIFIED',
      needConfirm: entry.needConfirm,
      expiresAt: entry.expiresAt === undefined ? 0 : timestampMs(entry.expiresAt),
      endedAt: entry.time === undefined ? undefined : timestampMs(entry.time),
      wakes: entry.wakes.map((wake) => ({
        channel: Channel[wake.channel] ?? 'UNSPECIFIED',
        state: WakeState[wake.state] ?? 'UNSPECIFIED',
        reason: wake.reason,
      })),
    })),
  };
}

/** A device that was asked for by its id: there is no look-up of one by that. */
function unknownDevice(deviceId: string): WhyDevice {
  return { deviceId, isOnline: undefined, token: undefined, isKnown: false };
}

async function readDevices(client: OnePushClient, alias: string): Promise<WhyDevice[]> {
  const { devices } = await client.listDevices({ filter: { case: 'alias', value: alias }, pageSize: 100 });
  return devices.map(({ deviceId, presence, token }) => ({
    deviceId,
    isKnown: true,
    isOnline: presence !== undefined,
    token: token && {
      channel: Channel[token.channel] ?? 'UNSPECIFIED',
      state: TokenState[token.state] ?? 'UNSPECIFIED',
      reason: token.reason,
    },
  }));
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
