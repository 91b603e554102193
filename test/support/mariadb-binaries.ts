import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The two programs that a private server takes. */
export interface MariadbBinaries {
  /** The server. */
  server: string;
  /** The script that creates a data directory. */
  installer: string;
}

const SERVER_NAMES = ['mariadbd', 'mysqld'];
const INSTALLER_NAMES = ['mariadb-install-db', 'mysql_install_db'];
const USUAL_FOLDERS = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/usr/local/opt/mariadb/bin',
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findIn(folders: string[], names: string[]): string | undefined {
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

/**
 * The MariaDB server and its installer: MARIADBD_PATH when set, then PATH, then the usual folders. Undefined when
 * either is absent, so Oracle's mysqld, which has no installer script, does not count.
 */
export function findMariadbBinaries(): MariadbBinaries | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  const chosen = process.env.MARIADBD_PATH;
  const server = chosen ? (isExecutable(chosen) ? chosen : undefined) : findIn(folders, SERVER_NAMES);
  if (!server) return undefined;
  const beside = dirname(server);
  const near = [beside, join(beside, '..', 'bin'), join(beside, '..', 'scripts')];
  const installer = findIn([...near, ...folders], INSTALLER_NAMES);
  return installer ? { server, installer } : undefined;
}
