import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import type { CommandSpec } from '../command.js';
import { Failure } from '../failure.js';
import { formatTable } from '../terminal.js';
import { showTime, toIso } from '../time.js';

const MODES = ['OPEN', 'BOTH', 'SIGNED'] as const;
/** Apps that are read at a time. */
const PAGE = 1000;
const ID = { name: '<id>', means: "the app's id" };
const REGISTRATION = { flags: '--registration <mode>', means: 'who may register devices: OPEN, BOTH or SIGNED' };

/** `onepush apps …`: by an admin. */
export const apps: readonly CommandSpec[] = [
  {
    name: 'apps list',
    summary: 'Lists all apps, the oldest first',
    example: 'onepush apps list',
    json: { apps: [{ id: 'testapp1', name: 'testapp1', disabled: false, registration: 'OPEN' }] },
    async run({ connect, print }) {
      const client = await connect('admin');
      const rows: Record<string, string | boolean | undefined>[] = [];
      let pageToken = '';
      do {
        const page = await client.listApps({ pageSize: PAGE, pageToken });
        rows.push(
          ...page.apps.map(({ id, name, disabled, registration, createdAt, removedAt }) => ({
            id,
            name,
            disabled,
            registration: RegistrationMode[registration] ?? 'UNSPECIFIED',
            createdAt: toIso(createdAt),
            removedAt: toIso(removedAt),
          })),
        );
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      const table = formatTable(
        ['ID', 'NAME', 'REGISTRATION', 'CREATED', 'STATE'],
        rows.map(({ id, name, registration, createdAt, disabled, removedAt }) => [
          ...[id, name, registration, createdAt].map((cell) => String(cell ?? '-')),
          removedAt === undefined ? (disabled === true ? 'disabled' : '') : `removed at ${removedAt}`,
        ]),
        'no apps',
      );
      print({ apps: rows }, table);
      return undefined;
    },
  },
  {
    name: 'apps create',
    summary: 'Creates an app, and prints its key once',
    args: [{ name: '<name>', means: 'a name for people' }],
    options: [REGISTRATION],
    example: "onepush apps create 'Shop' --registration SIGNED",
    json: { id: '0hn4k2x9', name: 'Shop', appKey: '…' },
    async run({ connect, print }, input) {
      const mode = input.word('registration', MODES);
      const client = await connect('admin');
      const { id, name, appKey } = await client.createApp({
        name: input.required(0),
        ...(mode === undefined ? {} : { registration: RegistrationMode[mode] }),
      });
      print({ id, name, appKey }, `app  ${id}\nkey  ${appKey}\nThe key is not shown again.`);
      return undefined;
    },
  },
  {
    name: 'apps show',
    summary: 'Shows an app',
    args: [ID],
    example: 'onepush apps show testapp1',
    json: { id: 'testapp1', name: 'testapp1', disabled: false, registration: 'OPEN', unsignedRegistrations: 0 },
    async run({ connect, print }, input) {
      const client = await connect('admin');
      const app = await client.getApp({ id: input.required(0) });
      const { id, name, disabled, unsignedRegistrations } = app;
      const registration = RegistrationMode[app.registration] ?? 'UNSPECIFIED';
      print(
        { id, name, disabled, registration, unsignedRegistrations },
        `${id}  ${name}  ${registration}${disabled ? '  disabled' : ''}`,
      );
      return undefined;
    },
  },
  {
    name: 'apps update',
    summary: 'Changes the name of an app, or who may register its devices',
    args: [ID],
    options: [{ flags: '--name <name>', means: 'a name for people' }, REGISTRATION],
    example: 'onepush apps update testapp1 --name Shop',
    json: { id: 'testapp1' },
    async run({ connect, print }, input) {
      const mode = input.word('registration', MODES);
      const name = input.text('name');
      if (mode === undefined && name === undefined) throw new Failure('usage', 'give --name or --registration');
      const id = input.required(0);
      const client = await connect('admin');
      await client.updateApp({
        id,
        ...(name === undefined ? {} : { name }),
        ...(mode === undefined ? {} : { registration: RegistrationMode[mode] }),
      });
      print({ id }, `${id} is changed`);
      return undefined;
    },
  },
  {
    name: 'apps delete',
    summary: 'Stops an app, and removes it a day later with all that is its own; `apps undelete` undoes it until then',
    args: [ID],
    example: 'onepush apps delete 4a44c810e59efc8f',
    json: { id: '4a44c810e59efc8f', removedAt: '2026-11-27T09:00:00Z' },
    async run({ connect, print }, input) {
      const id = input.required(0);
      const { removedAt } = await (await connect('admin')).deleteApp({ id });
      print({ id, removedAt: toIso(removedAt) }, `${id} is stopped, and is removed at ${showTime(removedAt)}`);
      return undefined;
    },
  },
  {
    name: 'apps undelete',
    summary: 'Keeps an app that was deleted; one that was disabled stays disabled',
    args: [ID],
    example: 'onepush apps undelete 4a44c810e59efc8f',
    json: { id: '4a44c810e59efc8f', disabled: false },
    async run({ connect, print }, input) {
      const id = input.required(0);
      const { disabled } = await (await connect('admin')).undeleteApp({ id });
      print({ id, disabled }, `${id} is kept${disabled ? ', and is disabled' : ''}`);
      return undefined;
    },
  },
  {
    name: 'apps disable',
    summary: 'Stops an app: its calls, sends and connections are refused',
    args: [ID],
    example: 'onepush apps disable testapp1',
    json: { id: 'testapp1', disabled: true },
    async run({ connect, print }, input) {
      const id = input.required(0);
      await (await connect('admin')).disableApp({ id });
      print({ id, disabled: true }, `${id} is disabled`);
      return undefined;
    },
  },
  {
    name: 'apps enable',
    summary: 'Lets an app go on',
    args: [ID],
    example: 'onepush apps enable testapp1',
    json: { id: 'testapp1', disabled: false },
    async run({ connect, print }, input) {
      const id = input.required(0);
      await (await connect('admin')).enableApp({ id });
      print({ id, disabled: false }, `${id} is enabled`);
      return undefined;
    },
  },
];
