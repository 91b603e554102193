import { execFileSync } from 'node:child_process';

/** Whether this machine has no curl, which a warning says then; never where CI must cover it. */
export function skipWithoutCurl(file: string): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    if (process.env.CI) throw new Error('CI needs curl');
    console.warn(`${file} is skipped in part: install curl to cover calls with it.`);
    return true;
  }
}
