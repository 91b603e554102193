import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A file of the console. */
export interface ConsoleFile {
  /** Its bytes. */
  readonly body: Buffer;
  /** The same by gzip. */
  readonly gzipped: Buffer;
  /** The content type. */
  readonly type: string;
  /** True: its name changes with its content. */
  readonly isImmutable: boolean;
}

const FOLDER = fileURLToPath(new URL('../../../console/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the console as it was built, by the path of each file below `/console/`. A path is looked up among these and
 * nowhere else, so that none leads out of the folder. Empty: this is run from sources.
 */
export function loadConsoleFiles(folder: string = FOLDER): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  if (!existsSync(join(folder, 'assets'))) return files;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(join(folder, name));
    const path = name === 'index.html' ? '' : name;
    files.set(path, { body, gzipped: gzipSync(body), type, isImmutable: name.startsWith('assets') });
  }
  return files;
}
