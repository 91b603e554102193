import type { BlockList } from 'node:net';
import { LOG_LEVELS, type LogLevel } from '../logs/log.js';
import { type Address, type Environment, EnvReader } from './env.js';
import { type NameOfType, SETTINGS, type Setting, type SettingName } from './settings.js';

/** A file that a setting names. */
export interface NamedFile {
  /** The name of the setting. */
  readonly setting: NameOfType<'file'>;
  /** The path, as it is set. */
  readonly path: string;
}

/** Reads the settings of one process by the table, and gathers what is wrong with them. */
export interface SettingsReader {
  /** `host:port`. */
  address(name: NameOfType<'address'>): Address;
  /** The same of a setting that has no default; undefined: it is not set. */
  findAddress(name: NameOfType<'address'>): Address | undefined;
  /** The path of a file; undefined: it is not set. */
  file(name: NameOfType<'file'>): NamedFile | undefined;
  /** Addresses to connect to, at least one. */
  targets(name: NameOfType<'addresses'>): Address[];
  /** Networks that are trusted. */
  networks(name: NameOfType<'networks'>): BlockList;
  /** Origins of pages. `words`: what may stand there besides. */
  origins(name: NameOfType<'origins'>, words?: readonly string[]): ReadonlySet<string>;
  /** A secret that travels in a header; undefined: it is not set, which is a problem where it is required. */
  secret(name: NameOfType<'secret'>): string | undefined;
  /** A whole number in its range. */
  integer(name: NameOfType<'integer'>): number;
  /** True for 1. */
  flag(name: NameOfType<'flag'>): boolean;
  /** The moment at which a message counts as delivered. */
  delivered(): (typeof SETTINGS.ONEPUSH_DELIVERED.words)[number];
  /** The header in which proxies name a client. */
  forwardedHeader(): (typeof SETTINGS.ONEPUSH_FORWARDED_HEADER.words)[number];
  /** The level of the log. */
  logLevel(): LogLevel;
  /** The other settings, and problems that several make together. */
  readonly env: EnvReader;
}

/** Returns a reader of the settings of a process. */
export function createSettingsReader(environment: Environment, process: 'core' | 'edge'): SettingsReader {
  const env = new EnvReader(environment);
  const fallback = (name: SettingName): string => fallbackOf(SETTINGS[name], process);
  return {
    env,
    address: (name) => env.address(name, fallback(name)),
    findAddress: (name) => (env.text(name) === undefined ? undefined : env.address(name, '')),
    file(name) {
      const path = env.text(name);
      return path === undefined ? undefined : { setting: name, path };
    },
    targets: (name) => env.targets(name, fallback(name)),
    networks: (name) => env.networks(name),
    origins: (name, words) => env.origins(name, words),
    secret(name) {
      const setting: Setting = SETTINGS[name];
      return setting.required ? env.requiredSecret(name) : env.secret(name);
    },
    integer(name) {
      const { fallback: value, range } = SETTINGS[name];
      return env.integer(name, value, range[0], range[1]);
    },
    flag: (name) => env.oneOf<'0' | '1'>(name, SETTINGS[name].fallback, ['0', '1']) === '1',
    delivered() {
      const { fallback: value, words } = SETTINGS.ONEPUSH_DELIVERED;
      return env.oneOf<(typeof words)[number]>('ONEPUSH_DELIVERED', value, words);
    },
    forwardedHeader() {
      const { fallback: value, words } = SETTINGS.ONEPUSH_FORWARDED_HEADER;
      return env.oneOf<(typeof words)[number]>('ONEPUSH_FORWARDED_HEADER', value, words);
    },
    logLevel: () => env.oneOf<LogLevel>('ONEPUSH_LOG_LEVEL', SETTINGS.ONEPUSH_LOG_LEVEL.fallback, LOG_LEVELS),
  };
}

/** Returns the default of a setting for a process, as it would stand in the environment; "" where there is none. */
function fallbackOf({ fallback }: Setting, process: 'core' | 'edge'): string {
  return String((typeof fallback === 'object' ? fallback[process] : fallback) ?? '');
}
