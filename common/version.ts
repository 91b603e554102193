import { existsSync, readFileSync } from 'node:fs';

function ownVersion(): string {
  // Beside common/ in the sources, one level up from there when compiled.
  for (const path of ['../package.json', '../../package.json']) {
    const url = new URL(path, import.meta.url);
    if (existsSync(url)) return String(JSON.parse(readFileSync(url, 'utf8')).version);
  }
  return 'unknown';
}

/** The version of this release. */
export const VERSION = ownVersion();
