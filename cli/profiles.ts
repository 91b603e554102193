import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../common/settings/env.js';
import { systemReason } from '../common/system-reason.js';
import { Failure } from './failure.js';

/** A service and the credentials for it. */
export interface Profile {
  /** `host:port` of gRPC, or the URL of Connect. */
  readonly server?: string;
  /** The URL of an edge. */
  readonly edge?: string;
  /** True where gRPC speaks TLS. */
  readonly tls?: boolean;
  /** File of CAs to trust, PEM. */
  readonly ca?: string;
  readonly appId?: string;
  readonly appKey?: string;
  readonly adminToken?: string;
}

/** The file of profiles. */
export interface Profiles {
  /** The one that is used where none is named; absent: the defaults. */
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** Form of a profile's name. */
export const PROFILE_NAME = /^[\w.-]{1,64}$/;
const TEXTS = ['server', 'edge', 'ca', 'appId', 'appKey', 'adminToken'] as const;

/** The path of the file: in XDG_CONFIG_HOME, or else `~/.config`. */
export function profilesPath(env: Environment): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'onepush', 'config.json');
}

/** Reads the profiles; none where there is no file. */
export async function readProfiles(env: Environment): Promise<Profiles> {
  const path = profilesPath(env);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Failure('usage', `the profiles in ${path} cannot be read: ${systemReason(error) ?? 'unknown'}`);
  });
  if (text === undefined) return { profiles: {} };
  // Like ssh: a key that others can read is one that others have.
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Failure('usage', `others can read the keys in ${path}`, `chmod 600 ${path}`);
  }
  return parseProfiles(text, path);
}

/** @throws Failure naming what is wrong with the file */
export function parseProfiles(text: string, path: string): Profiles {
  const wrong = (what: string): Failure =>
    new Failure('usage', `${path} ${what}`, 'Mend or remove it; `onepush profile add` makes it anew.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('is not JSON');
  }
  if (!isRecord(value) || !isRecord(value.profiles)) throw wrong('must be {"profiles": {…}}');
  const profiles = Object.entries(value.profiles).map(([name, profile]) => {
    if (!PROFILE_NAME.test(name) || !isRecord(profile)) throw wrong('has a profile that is none');
    for (const key of TEXTS) {
      if (profile[key] !== undefined && typeof profile[key] !== 'string') throw wrong(`has a ${key} that is no text`);
    }
    if (profile.tls !== undefined && typeof profile.tls !== 'boolean')
      throw wrong('has a tls that is not true or false');
    return [name, profile as Profile] as const;
  });
  const { current } = value;
  return { ...(typeof current === 'string' ? { current } : {}), profiles: Object.fromEntries(profiles) };
}

/** Writes the profiles for their owner alone, all or nothing. */
export async function writeProfiles(env: Environment, profiles: Profiles): Promise<void> {
  const path = profilesPath(env);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, `${JSON.stringify(profiles, undefined, 2)}\n`, { mode: 0o600 });
    await chmod(fresh, 0o600);
    await rename(fresh, path);
  } catch (error) {
    throw new Failure('failed', `${path} cannot be written: ${systemReason(error) ?? 'unknown'}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
