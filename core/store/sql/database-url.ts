import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { systemReason } from '../../../common/system-reason.js';
import { findPlaceProblem } from '../sqlite/place.js';

/** The database that a URL names. */
export type DatabaseTarget = { kind: 'sqlite'; path: string } | MysqlTarget;

/** A database of a server. */
export interface MysqlTarget {
  /** Tells it from SQLite. */
  kind: 'mysql';
  /** Name or address of the server. */
  host: string;
  /** Port of the server. */
  port: number;
  /** Name of the user. */
  user: string;
  /** Password of the user; may be empty. */
  password: string;
  /** Name of the database. */
  database: string;
  /** Undefined: in plain text. */
  tls: TlsOptions | undefined;
}

/** Checks of the server's certificate, in the shape that mysql2 takes. */
export interface TlsOptions {
  /** True: it must be signed by a CA that is known. */
  rejectUnauthorized: boolean;
  /** True: it must have the host's name. */
  verifyIdentity: boolean;
  /** Certificates of the CAs, in PEM; absent: those that Node.js knows. */
  ca?: string;
}

const SQLITE = 'sqlite:';
const DEFAULT_PORT = 3306;
const OPTIONS = ['ssl-mode', 'ssl-ca'] as const;
/** The words of MySQL's own clients. PREFERRED is none of them: it falls back to plain text. */
const MODES: Readonly<Record<string, Pick<TlsOptions, 'rejectUnauthorized' | 'verifyIdentity'> | undefined>> = {
  DISABLED: undefined,
  REQUIRED: { rejectUnauthorized: false, verifyIdentity: false },
  VERIFY_CA: { rejectUnauthorized: true, verifyIdentity: false },
  VERIFY_IDENTITY: { rejectUnauthorized: true, verifyIdentity: true },
};

/**
 * Reads a database's URL: `sqlite:<path>` or `mysql://user:password@host:3306/database?ssl-mode=…&ssl-ca=…`. Looks at
 * the files that it names.
 *
 * @returns what is wrong with it, to be read after the setting's name, without a word of the user, the password or the
 * host
 */
export function parseDatabaseUrl(url: string): { target: DatabaseTarget } | { problems: string[] } {
  if (url.startsWith(SQLITE)) return parseSqlite(url.slice(SQLITE.length));
  if (url.startsWith('mysql://')) return parseMysql(url);
  return { problems: ['must be sqlite:<path> or mysql://user:password@host:3306/database'] };
}

/** @throws Error if the URL is not as `parseDatabaseUrl` wants it */
export function toMysqlTarget(url: string): MysqlTarget {
  const parsed = parseDatabaseUrl(url);
  if ('problems' in parsed) throw new Error(`the database's URL ${parsed.problems.join('; ')}`);
  if (parsed.target.kind !== 'mysql') throw new Error("the database's URL is not one of MySQL");
  return parsed.target;
}

function parseSqlite(path: string): ReturnType<typeof parseDatabaseUrl> {
  if (path === '' || path.startsWith('//') || path.startsWith(':')) {
    return { problems: ['must name a file: sqlite:./data/onepush.db or sqlite:/var/lib/onepush/onepush.db'] };
  }
  if (path.includes('?')) return { problems: ['has options, and sqlite: takes none'] };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x1f]|^\s|\s$/.test(path)) return { problems: ['has a path with line breaks or blanks around it'] };
  const problem = findPlaceProblem(path);
  return problem === undefined ? { target: { kind: 'sqlite', path } } : { problems: [problem] };
}

function parseMysql(text: string): ReturnType<typeof parseDatabaseUrl> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [, database] = /^\/([^/]+)$/.exec(url?.pathname ?? '') ?? [];
  const parts = [url?.username, url?.password, url?.hostname, database].map((part) => decode(part ?? ''));
  const [user, password, host, name] = parts;
  if (!url || !user || password === undefined || !host || !name || url.port === '0' || url.hash !== '') {
    const escapes = '% as %25, # as %23, ? as %3F, / as %2F, @ as %40';
    return {
      problems: [`must be mysql://user:password@host:3306/database; in user and password, write ${escapes}`],
    };
  }
  const plainHost = host.replace(/^\[(.*)\]$/, '$1');
  const { tls, problems } = readOptions(url.searchParams, plainHost);
  if (problems.length > 0) return { problems };
  const port = Number(url.port) || DEFAULT_PORT;
  return { target: { kind: 'mysql', host: plainHost, port, user, password, database: name, tls } };
}

function readOptions(given: URLSearchParams, host: string): { tls: TlsOptions | undefined; problems: string[] } {
  const problems: string[] = [];
  const known = OPTIONS.join(' and ');
  for (const name of new Set(given.keys())) {
    // What does not look like a name may be a piece of a password with a raw question mark.
    const shown = /^[A-Za-z][A-Za-z_-]{0,40}$/.test(name) ? `the option ${name}` : 'an option';
    if (!OPTIONS.some((option) => option === name))
      problems.push(`has ${shown}, which is not known; known are ${known}`);
    else if (given.getAll(name).length > 1) problems.push(`has the option ${name} twice`);
  }
  const mode = given.get('ssl-mode')?.toUpperCase() ?? 'DISABLED';
  const verified = MODES[mode];
  if (!Object.hasOwn(MODES, mode)) problems.push(`has an ssl-mode that is none of ${Object.keys(MODES).join(', ')}`);
  const file = given.get('ssl-ca');
  if (file !== null && verified?.rejectUnauthorized !== true) {
    problems.push('has the option ssl-ca, which needs the ssl-mode VERIFY_CA or VERIFY_IDENTITY');
  }
  // mysql2 does not compare an address with a certificate's.
  if (verified?.verifyIdentity && isIP(host))
    problems.push('needs a host name for the ssl-mode VERIFY_IDENTITY, not an address');
  const ca = file === null ? undefined : readCertificates(file, problems);
  return { tls: verified && { ...verified, ...(ca === undefined ? {} : { ca }) }, problems };
}

function readCertificates(file: string, problems: string[]): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (error) {
    const reason = systemReason(error);
    problems.push(
      `has an ssl-ca that ${reason === undefined ? 'is no certificate in PEM' : `cannot be read: ${reason}`}`,
    );
    return undefined;
  }
}

/** Undefined: a percent sign stands for itself. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
