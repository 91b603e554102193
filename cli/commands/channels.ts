import { CHANNELS } from '../../common/contract/channels.js';
import { Channel, ChannelState, TestResult } from '../../gen/onepush/v1/channel_pb.js';
import type { CommandSpec } from '../command.js';
import { EXITS } from '../exits.js';
import { Failure } from '../failure.js';
import { requireApp } from '../server.js';
import { formatTable } from '../terminal.js';
import { showTime, toIso } from '../time.js';

const NAME = { name: '<name>', means: "the credential's name" };

/** `onepush channels …`: by an admin. */
export const channels: readonly CommandSpec[] = [
  {
    name: 'channels list',
    summary: 'Lists the credentials of an app, and how they stand',
    example: 'onepush channels list --app testapp1',
    json: { channels: [{ name: 'ios', channel: 'APNS', state: 'READY' }], hidesContent: false },
    async run(context) {
      const client = await context.connect('admin');
      const { credentials, hidesContent } = await client.listChannels({ appId: requireApp(await context.target()) });
      const rows = credentials.map((found) => ({
        name: found.name,
        channel: Channel[found.channel] ?? 'UNSPECIFIED',
        state: ChannelState[found.state] ?? 'UNSPECIFIED',
        reason: found.reason || undefined,
        settings: found.settings,
        lastSuccessAt: toIso(found.lastSuccessAt),
        lastFailureAt: toIso(found.lastFailureAt),
        lastFailureReason: found.lastFailureReason || undefined,
      }));
      const table = formatTable(
        ['NAME', 'CHANNEL', 'STATE', 'REASON', 'LAST SUCCESS', 'LAST FAILURE'],
        credentials.map((found, index) => [
          found.name,
          rows[index]?.channel ?? '',
          rows[index]?.state ?? '',
          found.reason || '-',
          showTime(found.lastSuccessAt),
          showTime(found.lastFailureAt),
        ]),
        'no credentials: `onepush channels set` gives one',
      );
      context.print({ channels: rows, hidesContent }, table);
      return undefined;
    },
  },
  {
    name: 'channels set',
    summary: 'Gives an app a credential of a vendor, or other settings to the one of that name',
    args: [NAME],
    options: [
      { flags: '--channel <kind>', means: CHANNELS.join(', ') },
      { flags: '--settings <file>', means: 'the settings of docs/channels.md as JSON; - is standard input' },
    ],
    example: 'onepush channels set hook --app testapp1 --channel WEBHOOK --settings hook.json',
    json: { name: 'hook', channel: 'WEBHOOK', state: 'READY' },
    async run(context, input) {
      const kind = input.word('channel', CHANNELS);
      const settingsJson = await input.file('settings');
      if (kind === undefined || settingsJson === undefined) {
        throw new Failure('usage', 'give --channel and --settings');
      }
      const client = await context.connect('admin');
      const { credential } = await client.setChannel({
        appId: requireApp(await context.target()),
        name: input.required(0),
        channel: Channel[kind],
        settingsJson,
      });
      const state = ChannelState[credential?.state ?? 0] ?? 'UNSPECIFIED';
      context.print(
        { name: input.required(0), channel: kind, state },
        `${input.required(0)} is set; \`onepush channels test\` tries it`,
      );
      return undefined;
    },
  },
  {
    name: 'channels test',
    summary: 'Asks the vendor whether it takes a credential, without reaching any device',
    args: [NAME],
    example: 'onepush channels test hook --app testapp1',
    json: { name: 'hook', result: 'REFUSED', reason: 'http_401' },
    async run(context, input) {
      const name = input.required(0);
      const client = await context.connect('admin');
      const { result: code, reason } = await client.testChannel({ appId: requireApp(await context.target()), name });
      const result = TestResult[code] ?? 'UNSPECIFIED';
      context.print({ name, result, reason }, `${name}  ${result}${reason === '' ? '' : `  ${reason}`}`);
      return code === TestResult.REFUSED || code === TestResult.UNREACHABLE ? EXITS.failed.code : undefined;
    },
  },
  {
    name: 'channels remove',
    summary: 'Removes a credential',
    args: [NAME],
    example: 'onepush channels remove hook --app testapp1',
    json: { name: 'hook', removed: true },
    async run(context, input) {
      const name = input.required(0);
      const client = await context.connect('admin');
      await client.removeChannel({ appId: requireApp(await context.target()), name });
      context.print({ name, removed: true }, `${name} is removed`);
      return undefined;
    },
  },
];
