import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import { ROOT, requireDist } from './dist.js';

/** How a run of the command ended. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `onepush`, as it is built, with exactly this environment. */
export async function onepush(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  stdin = '',
): Promise<Ran> {
  requireDist();
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: ROOT,
    // Nobody's own profiles, in a place where root cannot make any either.
    env: { PATH: process.env.PATH, HOME: '/proc/nobody', ...env },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { code: await code, stdout, stderr };
}
