/** Obstacle between the command and a database, and the next step. */
export interface StoreObstacle {
  /** Absent where the store's own message says more. */
  readonly says?: string;
  readonly next: string;
}

const URL_ADVICE = 'Correct ONEPUSH_DATABASE_URL.';
const IN_USE = 'Stop the core that has it, or look at a copy: docs/operations.md, Backup.';
const RIGHTS = 'Look at the rights and owners of the file and its folder.';
const MEND = 'Go back to a backup, in an empty database: docs/operations.md, Backup.';

/** Obstacles by the codes of drivers and databases. Their own texts may have names and addresses. */
const OBSTACLES: Readonly<Record<string, StoreObstacle>> = {
  ECONNREFUSED: { says: 'no server listens where the database is to be', next: `Start it. Or ${lower(URL_ADVICE)}` },
  ENOTFOUND: { says: "the database's host is not known", next: URL_ADVICE },
  EAI_AGAIN: { says: "the database's host is not known now", next: 'Look at DNS, and at ONEPUSH_DATABASE_URL.' },
  ETIMEDOUT: { says: 'the database does not answer', next: 'Is it up, and does a firewall stand between?' },
  EHOSTUNREACH: { says: 'there is no way to the database', next: 'Look at the network, and at ONEPUSH_DATABASE_URL.' },
  ER_BAD_DB_ERROR: {
    says: 'the server has no database of this name',
    next: `CREATE DATABASE it: docs/operations.md, MySQL and MariaDB. Or ${lower(URL_ADVICE)}`,
  },
  ER_DBACCESS_DENIED_ERROR: {
    says: 'the user has no rights on the database, or there is none of this name',
    next: 'GRANT them: docs/operations.md, MySQL and MariaDB.',
  },
  ER_TABLEACCESS_DENIED_ERROR: {
    says: 'the user lacks a right on the tables',
    next: '`onepush doctor` says which; docs/operations.md, MySQL and MariaDB, has all.',
  },
  ER_ACCESS_DENIED_ERROR: { next: URL_ADVICE },
  ER_CON_COUNT_ERROR: { says: 'the server takes no more connections', next: 'Raise its max_connections.' },
  ER_TOO_MANY_USER_CONNECTIONS: { says: 'the user has too many connections', next: 'A core takes up to 5.' },
  MAX_ALLOWED_PACKET: { next: 'Set max_allowed_packet of the server to 16 MiB.' },
  TABLES_DIFFER: { next: MEND },
  NEWER_TABLES: { next: 'Use that release, or go back to a backup.' },
  SQLITE_BUSY: { next: IN_USE },
  SQLITE_READONLY: { next: RIGHTS },
  SQLITE_CANTOPEN: { next: RIGHTS },
  SQLITE_FULL: { says: 'the disk under the database is full', next: 'Make room.' },
  SQLITE_NOTADB: { says: 'the file is damaged, or no database', next: 'Go back to a backup.' },
  SQLITE_CORRUPT: { says: 'the file is damaged', next: 'Go back to a backup.' },
};

/** Returns what a code of a store says, and what to do. */
export function explainStoreCode(code: string): StoreObstacle {
  const known = OBSTACLES[code] ?? OBSTACLES[code.replace(/^(SQLITE_[A-Z]+)_.*/, '$1')];
  if (known !== undefined) return known;
  const named = code === '' ? '' : ` (${code})`;
  return code.startsWith('SQLITE')
    ? { next: `Is there room on the disk, and may this user read and write the file and its folder?${named}` }
    : { next: `Look at the database's log, and at ONEPUSH_DATABASE_URL.${named}` };
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
