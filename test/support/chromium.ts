import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const { CHROMIUM_PATH, CI } = process.env;
const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = CHROMIUM_PATH || CANDIDATES.find((path) => existsSync(path));

/** Whether this machine has no Chromium, which a warning says then; never where CI must cover it. */
export function skipWithoutChromium(file: string): boolean {
  const skipped = executablePath === undefined && !CI;
  if (skipped) console.warn(`${file} is skipped: install Chromium, or set CHROMIUM_PATH, to cover pages.`);
  return skipped;
}

/** Starts it; the caller closes it. Rejects where there is none. */
export async function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(`CI needs a Chromium: none of ${CANDIDATES.join(', ')} exists`);
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
