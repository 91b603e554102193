import { ConfigError, type Environment, unknownSettings } from '../../common/settings/env.js';
import { type CoreConfig, readCoreConfig } from '../../core/config.js';
import { type EdgeConfig, readEdgeConfig } from '../../edge/config.js';
import { upSettings } from '../up/settings.js';
import { VARIABLES } from '../variables.js';
import { type Check, fail, ok, warn } from './check.js';

/** The settings of both processes, as far as they are right. */
export interface Configs {
  readonly core: CoreConfig | undefined;
  readonly edge: EdgeConfig | undefined;
}

/** Reads the settings as `onepush up` does, and says what is wrong with them. */
export function checkSettings(env: Environment): { checks: Check[]; configs: Configs } {
  const given = upSettings(env);
  const checks: Check[] = [];
  const unknown = unknownSettings(env)
    .filter((name) => !(name in VARIABLES))
    .map((name) => `${name} is not a setting`);
  const read = <T>(name: string, parse: () => T): T | undefined => {
    try {
      const config = parse();
      checks.push(ok(name, 'the settings can be used'));
      return config;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // A process that does not start names the unknown ones, too.
      const own = error.problems.filter((problem) => !unknown.includes(problem));
      checks.push(...own.map((problem) => fail(name, problem, adviceOn(problem))));
      return undefined;
    }
  };
  const core = read('settings of the core', () => readCoreConfig(given.core));
  const edge = read('settings of the edge', () => readEdgeConfig(given.edge));
  for (const text of unknown) checks.push(warn('settings', text, 'Is it misspelt?'));
  return { checks, configs: { core, edge } };
}

function adviceOn(problem: string): string {
  return /^ONEPUSH_DATABASE_URL names /.test(problem)
    ? 'Look at the path, and at its owners and rights: the core must be able to write there.'
    : 'docs/operations.md has all settings.';
}

/** Looks at the link token where nothing runs that has one, be it made up by `onepush up`. */
export function checkLinkToken(env: Environment, ports: readonly Check[]): Check[] {
  if (env.ONEPUSH_LINK_TOKEN || ports.some(({ name, level }) => name === 'edge' && level === 'ok')) return [];
  const next = 'Give a core and an edge that are started apart the same ONEPUSH_LINK_TOKEN.';
  return [warn('settings', 'ONEPUSH_LINK_TOKEN is not set: `onepush up` makes one', next)];
}
