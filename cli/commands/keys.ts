import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import type { CommandSpec } from '../command.js';
import { requireApp } from '../server.js';
import { formatTable } from '../terminal.js';
import { showTime, toIso } from '../time.js';

const SCOPES = ['SEND', 'READ', 'MANAGE'] as const;
/** Longest time that earlier keys are kept after a rotation. */
const MAX_KEEP_SECONDS = 604_800;

/** `onepush keys …`: by the app itself, or by an admin. */
export const keys: readonly CommandSpec[] = [
  {
    name: 'keys list',
    summary: 'Lists the keys of an app, without the keys themselves',
    example: 'onepush keys list --app testapp1',
    json: { keys: [{ id: '…', name: 'reports', scope: 'READ', createdAt: '2026-11-26T09:00:00Z' }] },
    async run(context) {
      const client = await context.connect('either');
      const { keys: found } = await client.listAppKeys({ appId: requireApp(await context.target()) });
      const rows = found.map((key) => ({
        id: key.id,
        name: key.name,
        scope: KeyScope[key.scope] ?? 'UNSPECIFIED',
        createdAt: toIso(key.createdAt),
        expiresAt: toIso(key.expiresAt),
        lastUsedAt: toIso(key.lastUsedAt),
      }));
      const table = formatTable(
        ['ID', 'NAME', 'SCOPE', 'CREATED', 'EXPIRES', 'LAST USED'],
        found.map((key, index) => [
          key.id,
          key.name || '-',
          rows[index]?.scope ?? '',
          ...[key.createdAt, key.expiresAt, key.lastUsedAt].map(showTime),
        ]),
        'no keys',
      );
      context.print({ keys: rows }, table);
      return undefined;
    },
  },
  {
    name: 'keys create',
    summary: 'Creates a key with a scope, and prints it once',
    args: [{ name: '<name>', means: 'a name for people' }],
    options: [
      { flags: '--scope <scope>', means: 'SEND, READ or MANAGE (SEND)' },
      { flags: '--expires <time>', means: 'its end: 2027-01-31T09:00:00Z, or +90d' },
    ],
    example: 'onepush keys create reports --scope READ --expires +90d',
    json: { id: '…', name: 'reports', scope: 'READ', appKey: '…' },
    async run(context, input) {
      const scope = input.word('scope', SCOPES) ?? 'SEND';
      const expiresAt = input.time('expires');
      const { timestampFromDate } = await import('@bufbuild/protobuf/wkt');
      const client = await context.connect('either');
      const { key, appKey } = await client.createAppKey({
        appId: requireApp(await context.target()),
        name: input.required(0),
        scope: KeyScope[scope],
        ...(expiresAt === undefined ? {} : { expiresAt: timestampFromDate(expiresAt) }),
      });
      const id = key?.id ?? '';
      context.print(
        { id, name: input.required(0), scope, appKey },
        `id   ${id}\nkey  ${appKey}\nThe key is not shown again.`,
      );
      return undefined;
    },
  },
  {
    name: 'keys revoke',
    summary: 'Ends a key at once',
    args: [{ name: '<id>', means: 'the id of `keys list`' }],
    example: 'onepush keys revoke 4f2c',
    json: { id: '4f2c', revoked: true },
    async run(context, input) {
      const id = input.required(0);
      const client = await context.connect('either');
      await client.revokeAppKey({ appId: requireApp(await context.target()), keyId: id });
      context.print({ id, revoked: true }, `${id} is revoked`);
      return undefined;
    },
  },
  {
    name: 'keys rotate',
    summary: 'Gives an app a new key of the scope MANAGE, and prints it once',
    options: [{ flags: '--keep <seconds>', means: 'how long the earlier ones still work, 0 to 604800 (0)' }],
    example: 'onepush keys rotate --app testapp1 --keep 3600',
    json: { appId: 'testapp1', appKey: '…' },
    async run(context, input) {
      const keepOldSeconds = input.integer('keep', 0, MAX_KEEP_SECONDS) ?? 0;
      const appId = requireApp(await context.target());
      const client = await context.connect('either');
      const { appKey } = await client.rotateAppKey({ id: appId, keepOldSeconds });
      context.print({ appId, appKey }, `key  ${appKey}\nThe key is not shown again.`);
      return undefined;
    },
  },
];
