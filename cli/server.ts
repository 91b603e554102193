import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { ClientOptions } from '../client/options.js';
import type { Environment } from '../common/settings/env.js';
import { Failure } from './failure.js';
import type { Input } from './input.js';
import { type Profile, readProfiles } from './profiles.js';

/** Caller of a command: `either` is the admin where there is a token, else the app. */
export type Caller = 'app' | 'admin' | 'either';

/** The service that a command calls, and its credentials: from options, the environment, the profile, defaults. */
export interface Target {
  readonly server: string;
  /** The URL of an edge, without a slash at the end. */
  readonly edge: string;
  readonly tls: boolean;
  readonly ca: string | undefined;
  readonly appId: string | undefined;
  readonly appKey: string | undefined;
  readonly adminToken: string | undefined;
  readonly timeoutMs: number;
}

/** Places where `onepush up` listens. */
export const DEFAULTS = { server: '127.0.0.1:9090', edge: 'http://127.0.0.1:8080' } as const;
const TIMEOUT_SECONDS = 5;

/** Options of all commands that say where and as whom. */
export const TARGET_OPTIONS = [
  { flags: '--profile <name>', means: 'the profile (ONEPUSH_PROFILE)' },
  { flags: '--server <place>', means: 'the core: host:port of gRPC, or the URL of Connect (ONEPUSH_SERVER)' },
  { flags: '--edge <url>', means: 'an edge (ONEPUSH_EDGE)' },
  { flags: '--app <id>', means: 'the app (ONEPUSH_APP_ID)' },
  {
    flags: '--key-stdin',
    means: "read the app's key from the first line of standard input, the admin token from the second",
  },
  { flags: '--tls', means: 'gRPC over TLS' },
  { flags: '--ca <file>', means: 'trust these CAs, PEM' },
  { flags: '--timeout <seconds>', means: 'for a call with all its attempts, 1 to 3600 (5)' },
] as const;

/**
 * Puts the target together.
 *
 * @param given in the place of the profile that is in use
 */
export async function resolveTarget(input: Input, env: Environment, given?: Profile): Promise<Target> {
  const profile = given ?? (await findProfile(input.text('profile') ?? env.ONEPUSH_PROFILE, env));
  const secrets = input.flag('keyStdin') ? await readSecrets() : {};
  const caFile = input.text('ca') ?? profile.ca;
  return {
    server: parseServer(input.text('server') ?? (env.ONEPUSH_SERVER || profile.server || DEFAULTS.server)),
    edge: parseEdge(input.text('edge') ?? (env.ONEPUSH_EDGE || profile.edge || DEFAULTS.edge)),
    tls: input.flag('tls') || profile.tls === true,
    ca: caFile === undefined ? undefined : await readCa(caFile),
    appId: input.text('app') ?? (env.ONEPUSH_APP_ID || profile.appId),
    appKey: secrets.appKey ?? (env.ONEPUSH_APP_KEY || profile.appKey),
    adminToken: secrets.adminToken ?? (env.ONEPUSH_ADMIN_TOKEN || profile.adminToken),
    timeoutMs: (input.integer('timeout', 1, 3600) ?? TIMEOUT_SECONDS) * 1000,
  };
}

async function findProfile(name: string | undefined, env: Environment): Promise<Profile> {
  const { current, profiles } = await readProfiles(env);
  const wanted = name || current;
  if (wanted === undefined) return {};
  const found = Object.hasOwn(profiles, wanted) ? profiles[wanted] : undefined;
  if (found === undefined) throw new Failure('usage', 'there is no such profile', '`onepush profile list` shows them.');
  return found;
}

/** Reads the secrets of `--key-stdin`. */
export async function readSecrets(): Promise<Pick<Profile, 'appKey' | 'adminToken'>> {
  const [appKey, adminToken] = (await readAll(process.stdin)).split(/\r?\n/);
  return { ...(appKey ? { appKey } : {}), ...(adminToken ? { adminToken } : {}) };
}

async function readCa(path: string): Promise<string> {
  const pem = await readFile(path, 'utf8').catch(() => {
    throw new Failure('usage', '--ca must be a file that can be read');
  });
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new Failure('usage', '--ca must be a file with certificates in PEM');
}

/** @throws Failure where it is no URL of http or ws */
export function parseEdge(url: string): string {
  if (!/^(https?|wss?):\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new Failure('usage', '--edge must be a URL such as http://127.0.0.1:8080');
  }
  return url.replace(/^ws/, 'http').replace(/\/+$/, '');
}

/** @throws Failure where it is neither host:port nor a URL of http */
function parseServer(place: string): string {
  const isUrl = /^https?:\/\/[^/]/.test(place) && URL.canParse(place);
  if (isUrl || /^(grpcs?:\/\/)?(\[[^\]]+\]|[^\s:/[\]]+):\d{1,5}$/.test(place)) return place;
  throw new Failure('usage', '--server must be host:port of gRPC, or the URL of Connect, such as 127.0.0.1:9090');
}

/** The app that a command is about. */
export function requireApp({ appId }: Target): string {
  if (appId) return appId;
  throw new Failure('usage', 'which app?', 'Give --app, or set ONEPUSH_APP_ID.');
}

/** Returns the options of a client that calls as somebody. */
export function clientOptions(target: Target, as: Caller): ClientOptions {
  const { server, tls, ca, appId, appKey, adminToken, timeoutMs } = target;
  const isAdmin = as === 'admin' || (as === 'either' && adminToken !== undefined);
  const credentials = isAdmin ? { adminToken } : { appId, appKey };
  if (isAdmin && !adminToken) {
    throw new Failure('denied', 'this needs an admin token', 'Set ONEPUSH_ADMIN_TOKEN, or put it into a profile.');
  }
  if (!isAdmin && (!appId || !appKey)) {
    const hint = 'Set ONEPUSH_APP_ID and ONEPUSH_APP_KEY, or put them into a profile: `onepush profile add`.';
    throw new Failure('denied', 'this needs an app and its key', hint);
  }
  const place = server.startsWith('http')
    ? { baseUrl: server.replace(/\/+$/, ''), ...(ca === undefined ? {} : { tls: { ca } }) }
    : { address: server.replace(/^grpcs?:\/\//, ''), tls: ca === undefined ? tls : { ca } };
  return { ...place, ...withoutUndefined(credentials), timeoutMs, attemptTimeoutMs: Math.min(5000, timeoutMs) };
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Only members that are undefined are left out.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
