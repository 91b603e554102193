import { execFile } from 'node:child_process';
import { ROOT, requireDist } from './dist.js';

/** Runs the check of the sums on a database. */
export function verify(databaseUrl: string): Promise<{ code: number; output: string }> {
  requireDist();
  const env = { PATH: process.env.PATH, ONEPUSH_DATABASE_URL: databaseUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/cli/main.js', 'verify'], { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}
