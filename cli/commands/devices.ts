import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { type Device, Platform, RegisteredToken_State as TokenState } from '../../gen/onepush/v1/device_pb.js';
import type { CommandSpec } from '../command.js';
import { Failure } from '../failure.js';
import { formatTable } from '../terminal.js';
import { showTime, toIso } from '../time.js';

const MAX_DEVICES = 10_000;

/** `onepush devices`. */
export const devices: CommandSpec = {
  name: 'devices',
  summary: 'Lists the devices of a user, or those that have a tag',
  args: [{ name: '[alias]', means: 'the user; not needed with --tag' }],
  options: [
    { flags: '--tag <tag>', means: 'those that have this tag' },
    { flags: '--limit <number>', means: 'so many at the most, 1 to 10000 (100)' },
  ],
  example: 'onepush devices alice',
  json: {
    devices: [{ deviceId: '…', alias: 'alice', platform: 'ANDROID', tags: ['news'], online: true }],
    more: false,
  },
  async run({ connect, print }, input) {
    const alias = input.arg(0);
    const tag = input.text('tag');
    if ((alias === undefined) === (tag === undefined)) throw new Failure('usage', 'give a user or --tag');
    const limit = input.integer('limit', 1, MAX_DEVICES) ?? 100;
    const client = await connect('app');
    const filter =
      tag === undefined ? { case: 'alias' as const, value: alias ?? '' } : { case: 'tag' as const, value: tag };
    const found: Device[] = [];
    let pageToken = '';
    do {
      const pageSize = Math.min(1000, limit - found.length);
      const page = await client.listDevices({ filter, pageSize, pageToken });
      found.push(...page.devices);
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && found.length < limit);
    const table = formatTable(
      ['DEVICE', 'USER', 'PLATFORM', 'ONLINE SINCE', 'TOKEN', 'REGISTERED', 'TAGS'],
      found.map((device) => [
        device.deviceId,
        device.alias,
        Platform[device.platform] ?? '',
        device.presence === undefined ? 'no' : showTime(device.presence.since),
        tokenOf(device) ?? '-',
        showTime(device.registeredAt),
        device.tags.join(' '),
      ]),
      'no devices',
    );
    const more = pageToken === '' ? '' : '\nThere are more: see --limit.';
    print({ devices: found.map(toRow), more: pageToken !== '' }, `${table}${more}`);
    return undefined;
  },
};

function tokenOf({ token }: Device): string | undefined {
  if (token === undefined) return undefined;
  const state =
    token.state === TokenState.ACTIVE ? '' : ` ${TokenState[token.state]}${token.reason && ` (${token.reason})`}`;
  return `${Channel[token.channel]}${state}`;
}

function toRow(device: Device) {
  const { deviceId, alias, tags, presence, token, mobile } = device;
  return {
    deviceId,
    alias,
    platform: Platform[device.platform] ?? 'UNSPECIFIED',
    tags,
    mobile: mobile || undefined,
    online: presence !== undefined,
    onlineSince: toIso(presence?.since),
    registeredAt: toIso(device.registeredAt),
    token: token && {
      channel: Channel[token.channel] ?? 'UNSPECIFIED',
      state: TokenState[token.state] ?? 'UNSPECIFIED',
      reason: token.reason || undefined,
    },
  };
}
