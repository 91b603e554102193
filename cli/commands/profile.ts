import { resolve } from 'node:path';
import type { CommandSpec } from '../command.js';
import { Failure } from '../failure.js';
import { PROFILE_NAME, type Profile, profilesPath, readProfiles, writeProfiles } from '../profiles.js';
import { resolveTarget } from '../server.js';
import { formatTable } from '../terminal.js';

const NAME = { name: '<name>', means: '1 to 64 letters, digits, _ . -' };

/** `onepush profile …`: the services that this command knows. */
export const profile: readonly CommandSpec[] = [
  {
    name: 'profile add',
    summary: 'Adds or replaces a profile, from the options and the environment',
    args: [NAME],
    example: "printf '%s\\n' dkdka | onepush profile add local --server 127.0.0.1:9090 --app testapp1 --key-stdin",
    json: { name: 'local', path: '~/.config/onepush/config.json' },
    async run({ env, print }, input) {
      const name = input.required(0);
      if (!PROFILE_NAME.test(name)) throw new Failure('usage', `the name must be ${NAME.means}`);
      // Nothing of the profile in use: its secrets are for another service.
      const { server, edge, tls, appId, appKey, adminToken } = await resolveTarget(input, env, {});
      const ca = input.text('ca');
      const fresh: Profile = {
        server,
        edge,
        ...(tls ? { tls } : {}),
        // The profile is used in other folders, too.
        ...(ca === undefined ? {} : { ca: resolve(ca) }),
        ...(appId ? { appId } : {}),
        ...(appKey ? { appKey } : {}),
        ...(adminToken ? { adminToken } : {}),
      };
      const { current = name, profiles } = await readProfiles(env);
      await writeProfiles(env, { current, profiles: { ...profiles, [name]: fresh } });
      print(
        { name, path: profilesPath(env) },
        `${name} is in ${profilesPath(env)}${current === name ? ', and in use' : ''}`,
      );
      return undefined;
    },
  },
  {
    name: 'profile use',
    summary: 'Uses a profile where none is named',
    args: [NAME],
    example: 'onepush profile use local',
    json: { name: 'local' },
    async run({ env, print }, input) {
      const name = input.required(0);
      const { profiles } = await readProfiles(env);
      if (!Object.hasOwn(profiles, name)) throw noProfile();
      await writeProfiles(env, { current: name, profiles });
      print({ name }, `${name} is in use`);
      return undefined;
    },
  },
  {
    name: 'profile list',
    summary: 'Lists the profiles, without their secrets',
    example: 'onepush profile list',
    json: { profiles: [{ name: 'local', current: true, server: '127.0.0.1:9090', appId: 'testapp1' }] },
    async run({ env, print }) {
      const { current, profiles } = await readProfiles(env);
      const rows = Object.entries(profiles).map(([name, { server, edge, appId, appKey, adminToken }]) => ({
        name,
        current: name === current,
        server,
        edge,
        appId,
        hasKey: appKey !== undefined,
        hasAdminToken: adminToken !== undefined,
      }));
      const table = formatTable(
        ['', 'NAME', 'SERVER', 'EDGE', 'APP', 'KEY', 'ADMIN'],
        rows.map((row) => [
          row.current ? '*' : '',
          row.name,
          row.server ?? '-',
          row.edge ?? '-',
          row.appId ?? '-',
          row.hasKey ? 'yes' : 'no',
          row.hasAdminToken ? 'yes' : 'no',
        ]),
        'no profiles',
      );
      print({ profiles: rows }, table);
      return undefined;
    },
  },
  {
    name: 'profile remove',
    summary: 'Removes a profile, and its secrets',
    args: [NAME],
    example: 'onepush profile remove local',
    json: { name: 'local', removed: true },
    async run({ env, print }, input) {
      const name = input.required(0);
      const { current, profiles } = await readProfiles(env);
      if (!Object.hasOwn(profiles, name)) throw noProfile();
      const rest = Object.fromEntries(Object.entries(profiles).filter(([other]) => other !== name));
      await writeProfiles(env, { ...(current === undefined || current === name ? {} : { current }), profiles: rest });
      print({ name, removed: true }, `${name} is removed`);
      return undefined;
    },
  },
];

function noProfile(): Failure {
  return new Failure('missing', 'there is no such profile', '`onepush profile list` shows them.');
}
