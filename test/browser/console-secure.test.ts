import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type ConsolePage, DESKTOP, openConsolePage } from '../support/console-page.js';
import { ROOT } from '../support/dist.js';
import { type Nginx, replaceAll, runNginx, skipWithoutNginx } from '../support/nginx.js';
import { freePort } from '../support/ports.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { ADMIN_TOKEN, TEST_APP } from '../support/stack.js';
import { freshDatabase } from '../support/stores.js';
import { type CertificateFolder, certificateFolder } from '../support/tls.js';
import { localCertificate } from '../support/vendors/certificates.js';

const skipped = skipWithoutChromium('console-secure.test.ts');
const withoutNginx = skipWithoutNginx('test/browser/console-secure.test.ts');
const CORE = {
  ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
  ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
  ONEPUSH_BOOTSTRAP_APP: `${TEST_APP.appId}:${TEST_APP.appKey}`,
  ONEPUSH_ADMIN_TOKEN: ADMIN_TOKEN,
};

describe.skipIf(skipped)('the console under TLS', { timeout: 60_000 }, () => {
  let browser: Browser;
  let files: CertificateFolder;
  let database: { url: string; drop(): Promise<void> };
  let core: RunningProcess | undefined;
  let nginx: Nginx | undefined;
  let shown: ConsolePage;

  beforeAll(async () => {
    browser = await launchChromium();
    files = await certificateFolder();
    await files.writePair('core', await localCertificate());
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await files?.remove();
  });
  afterEach(async () => {
    await shown?.close();
    await nginx?.stop();
    await core?.stop();
    await database?.drop();
    [nginx, core] = [undefined, undefined];
  });

  async function startCore(env: Record<string, string>): Promise<string> {
    database = await freshDatabase('sqlite');
    core = await startProcess('core', { ...CORE, ONEPUSH_DATABASE_URL: database.url, ...env });
    return core.ready.connect ?? '';
  }

  /** Signs in, and looks at the cookie, the policy and what pages of other origins may do. */
  async function tryAt(origin: string): Promise<void> {
    const options = { ...DESKTOP, locale: 'en-GB', ignoreHTTPSErrors: true };
    shown = await openConsolePage(browser, `${origin}/console/`, options);
    const { page, signIn, visit } = shown;
    await signIn(ADMIN_TOKEN);
    await visit('Apps');
    await page.getByRole('cell', { name: TEST_APP.appId }).first().waitFor();
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([
      { name: '__Host-onepush_console', secure: true, httpOnly: true, sameSite: 'Strict', path: '/' },
    ]);
    expect(await page.evaluate('document.cookie')).toBe('');
    // The same machine by another name is another site.
    const elsewhere = await page.context().newPage();
    await elsewhere.goto(`${origin.replace('127.0.0.1', 'localhost')}/console/`);
    const asked = await elsewhere.evaluate<string>(`fetch('${origin}/onepush.v1.PushCore/ListApps', {
      method: 'POST', credentials: 'include', mode: 'cors', body: '{}',
      headers: { 'content-type': 'application/json', 'x-onepush-console': '1' },
    }).then((answer) => String(answer.status), () => 'refused')`);
    expect(asked).toBe('refused');
    await elsewhere.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[type=password]').waitFor();
    expect(await page.context().cookies()).toEqual([]);
  }

  it('of the core gives a cookie to this host alone, which no script and no other site can use', async () => {
    const tls = { ONEPUSH_TLS_CERT: files.path('core.pem'), ONEPUSH_TLS_KEY: files.path('core.key') };
    await tryAt(`https://${await startCore(tls)}`);
  });

  it.skipIf(withoutNginx)('of nginx as in docs/console.md does so too', async () => {
    const port = await freePort();
    const plain = await freePort();
    const [, documented = ''] = /```nginx\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/console.md'), 'utf8')) ?? [];
    const site = replaceAll(documented, [
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl; listen 127.0.0.1:${plain};`],
      ['/etc/ssl/onepush.pem', files.path('core.pem')],
      ['/etc/ssl/onepush.key', files.path('core.key')],
    ]).replaceAll('127.0.0.1:9091', await startCore({}));
    nginx = await runNginx(site, plain);
    await tryAt(`https://127.0.0.1:${port}`);
  });
});
