import { StoreFault } from '../sql/driver.js';
import { StoreUnavailable } from '../store.js';

/**
 * Meaning of a server's error. `refused`: the statement is refused for what it is, and would be again. `rolledBack`:
 * the transaction lost against another and may be run again. `unavailable`: the server, its limits or its tables are
 * the cause, and somebody may cure it.
 */
export type Verdict = 'refused' | 'rolledBack' | 'unavailable';

/** Classes of SQLSTATE: cardinality, data, constraint, syntax or access. */
const REFUSED_CLASSES = new Set(['21', '22', '23', '42']);

/** Errors about data or text that have a class which says nothing. */
const REFUSED = new Set([
  1265, // data truncated
  1267, // mix of collations
  1270,
  1271,
  1300, // no valid text of its character set
  1364, // no default
  1366, // no valid value of the column
  1390, // too many placeholders
  1411,
  3140, // no JSON
  3819, // check constraint
  3988, // no such character in the other character set
]);

/**
 * Errors of a refused class that an operator cures: rights, limits, and a database, table or column that is not there.
 */
const CURABLE = new Set([1044, 1045, 1046, 1049, 1054, 1104, 1142, 1143, 1146, 1203, 1226, 1227, 1370, 1410]);

/** Lock wait timeout, and TiDB's conflicts at a commit: they have no class of their own. */
const ROLLED_BACK = new Set([1205, 8002, 8022, 8028, 9007]);

/** The server takes no more connections, or no more of this user's. */
const FULL = new Set(['ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED']);

/** Returns what an error of the server says, by its number and SQLSTATE. */
export function verdictOn(errno: number, sqlState: string): Verdict {
  // 40003: the server does not know itself.
  if (ROLLED_BACK.has(errno) || (sqlState.startsWith('40') && sqlState !== '40003')) return 'rolledBack';
  if (CURABLE.has(errno)) return 'unavailable';
  return REFUSED.has(errno) || REFUSED_CLASSES.has(sqlState.slice(0, 2)) ? 'refused' : 'unavailable';
}

/** A transaction that the server rolled back, or that lost the wait for a lock: it may be run again. */
export class RolledBack extends StoreUnavailable {}

/** An error of a statement, with what it says about the later ones that were sent with it. */
export interface StatementError {
  /** StoreUnavailable, StoreFault, or an error of the program as it came. */
  error: unknown;
  /** True if the server itself refused this statement, so that it has run none of the later ones. */
  definite: boolean;
}

/** Returns what a rejected statement is to callers. */
export function toStatementError(error: unknown): StatementError {
  if (!(error instanceof Error)) return { error, definite: false };
  const code = codeOf(error);
  const fatal = 'fatal' in error && error.fatal === true;
  if (code === undefined) return { error: fatal ? new StoreUnavailable('CONNECTION_CLOSED') : error, definite: false };
  const state = stateOf(error);
  if (state === undefined || fatal) return { error: new StoreUnavailable(code), definite: false };
  const verdict = verdictOn(state.errno, state.sqlState);
  if (verdict === 'refused') return { error: new StoreFault(code), definite: true };
  if (verdict === 'rolledBack') return { error: new RolledBack(code), definite: true };
  return { error: new StoreUnavailable(code), definite: isOfServer(state) };
}

/** Returns what a failed attempt to connect is to callers. */
export function toConnectError(error: unknown): StoreUnavailable {
  const code = codeOf(error) ?? 'NO_CONNECTION';
  return new StoreUnavailable(code, hintOf(code, error));
}

function hintOf(code: string, error: unknown): string | undefined {
  switch (code) {
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return 'the database offers no TLS, which ssl-mode asks for';
    case 'ER_ACCESS_DENIED_ERROR':
      return 'the user or the password is wrong, or the database wants TLS, which ssl-mode asks for';
    case 'ER_SECURE_TRANSPORT_REQUIRED':
      return 'the database takes no connections in plain text: set ssl-mode';
    case 'HANDSHAKE_SSL_ERROR': {
      // What OpenSSL says of a certificate is one of its fixed texts; all others may name hosts.
      const text = error instanceof Error && /^[A-Za-z -]+$/.test(error.message) ? ` (${error.message})` : '';
      return `the database's certificate is none that ssl-mode and ssl-ca accept${text}`;
    }
    default:
      return undefined;
  }
}

/** Returns true if the server has no room for another connection. */
export function isFull(error: unknown): boolean {
  return error instanceof StoreUnavailable && FULL.has(error.code);
}

/**
 * Returns true if the server itself says it: with the other numbers a proxy, or a client's library, says that it has
 * lost the server.
 */
function isOfServer({ errno, sqlState }: { errno: number; sqlState: string }): boolean {
  return !sqlState.startsWith('08') && (errno < 2000 || errno >= 3000) && errno < 9000;
}

function stateOf(error: Error): { errno: number; sqlState: string } | undefined {
  if (!('sqlState' in error) || typeof error.sqlState !== 'string') return undefined;
  if (!('errno' in error) || typeof error.errno !== 'number') return undefined;
  return { errno: error.errno, sqlState: error.sqlState };
}

/** Returns a name for the error; some of MariaDB's have but a number. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'errno' in error && typeof error.errno === 'number' ? `ER_${error.errno}` : undefined;
}
