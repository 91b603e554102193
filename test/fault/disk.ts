import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own needs root. */
export const canMount = process.getuid?.() === 0 && process.platform === 'linux';

/** A SQLite database on a file system of so many megabytes. */
export async function databaseOnDisk(megabytes: number): Promise<{ url: string; drop(): Promise<void> }> {
  const mount = mkdtempSync(join(tmpdir(), 'onepush-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', mount]);
  return {
    url: `sqlite:${join(mount, 'onepush.db')}`,
    async drop() {
      execFileSync('umount', ['-l', mount]);
      rmSync(mount, { recursive: true, force: true });
    },
  };
}
