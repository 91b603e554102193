import { timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import type { WhyDevice, WhyEntry } from '../common/why/facts.js';
import { explain, type Finding } from '../common/why/why.js';
import { Channel } from '../gen/onepush/v1/channel_pb.js';
import { type Device, RegisteredToken_State as TokenState } from '../gen/onepush/v1/device_pb.js';
import type { DeviceTimelineResponse_Entry as Entry } from '../gen/onepush/v1/query_pb.js';
import { DeliveryState } from '../gen/onepush/v1/receipt_pb.js';
import { WakeState } from '../gen/onepush/v1/wake_pb.js';
import { serverNow } from './clock.js';
import { timeOf } from './format.js';
import { language } from './texts/index.js';
import { WHY_ZH } from './texts/why-zh.js';

/**
 * Says of each push for these devices why it did or did not arrive, and the next step, in the page's language.
 *
 * @param isComplete true if there are no other entries
 */
export function findingsOf(devices: readonly Device[], entries: readonly Entry[], isComplete: boolean): Finding[] {
  const facts = { devices: devices.map(toWhyDevice), entries: entries.map(toWhyEntry), isComplete, now: serverNow() };
  const found = explain(facts);
  return (language() === 'zh' ? found.map(inChinese) : found).map((finding) => {
    return { ...finding, text: finding.text.replace(ISO_TIME, (time) => timeOf(timestampFromDate(new Date(time)))) };
  });
}

/** A time as the sentences have it, which commands print too. */
const ISO_TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

function inChinese(finding: Finding): Finding {
  const { says, next } = WHY_ZH[finding.code];
  return { ...finding, text: says(finding.values), next };
}

/** Returns a device that is known by its id only. */
export function unknownDevice(deviceId: string): Device {
  return { $typeName: 'onepush.v1.Device', deviceId, alias: '', platform: 0, tags: [], mobile: '' };
}

function toWhyDevice(device: Device): WhyDevice {
  const { deviceId, presence, token, registeredAt } = device;
  const isKnown = registeredAt !== undefined;
  return {
    deviceId,
    isKnown,
    isOnline: isKnown ? presence !== undefined : undefined,
    token: token && {
      channel: Channel[token.channel] ?? '',
      state: TokenState[token.state] ?? '',
      reason: token.reason,
    },
  };
}

function toWhyEntry(entry: Entry): WhyEntry {
  return {
    deviceId: entry.deviceId,
    requestId: entry.requestId,
    state: DeliveryState[entry.state] ?? '',
    needConfirm: entry.needConfirm,
    createdAt: entry.createdAt === undefined ? 0 : timestampMs(entry.createdAt),
    expiresAt: entry.expiresAt === undefined ? 0 : timestampMs(entry.expiresAt),
    endedAt: entry.time === undefined ? undefined : timestampMs(entry.time),
    wakes: entry.wakes.map(({ channel, state, reason }) => {
      return { channel: Channel[channel] ?? '', state: WakeState[state] ?? '', reason };
    }),
  };
}
