import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemReason } from '../../../common/system-reason.js';

/** The first bytes of a file of SQLite. */
const MAGIC = 'SQLite format 3\0';
/** Files beside it that the store writes to. */
const BESIDE = ['-wal', '-shm', '.lock'];

/**
 * Finds out why a file cannot be a database's, in words: `names /x/y.db, which is a directory`; undefined: it may be,
 * or may become one.
 */
export function findPlaceProblem(path: string): string | undefined {
  const file = resolve(path);
  for (const name of [file, ...BESIDE.map((end) => `${file}${end}`)]) {
    const problem = isThere(name) ? findFileProblem(name, name === file) : undefined;
    if (problem !== undefined) return `names ${file}: ${name === file ? 'it' : name} ${problem}`;
  }
  let folder = dirname(file);
  while (!isThere(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    if (!statSync(folder).isDirectory()) return `names ${file}: ${folder} is no directory`;
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return `names ${file}: ${folder} cannot be written to: ${systemReason(error)}`;
  }
  return undefined;
}

/** Returns true if other users may read a database: its file, in a folder that they may enter. */
export function isOpenToOthers(path: string): boolean {
  const file = resolve(path);
  return [file, dirname(file)].every((name) => (statSync(name).mode & 0o077) !== 0);
}

function findFileProblem(file: string, isDatabase: boolean): string | undefined {
  try {
    if (statSync(file).isDirectory()) return 'is a directory';
    accessSync(file, constants.R_OK | constants.W_OK);
    if (isDatabase && !isOfSqlite(file)) return 'is not a database of SQLite';
  } catch (error) {
    return `cannot be written to: ${systemReason(error)}`;
  }
  return undefined;
}

/** An empty file is one, too. */
function isOfSqlite(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(MAGIC.length);
    const length = readSync(descriptor, head);
    return length === 0 || head.toString('latin1') === MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

/** Returns true if there is a file, also one that may not be looked at: it is found out later why it cannot be used. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // A folder of it is a file.
    return (
      systemReason(error) !== undefined && !(error instanceof Error && 'code' in error && error.code === 'ENOTDIR')
    );
  }
}
