import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { ROOT } from '../support/dist.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { sendPush, uniqueName } from '../support/users.js';

const run = promisify(execFile);
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

describe.skipIf(skipWithoutChromium('receiving-examples.test.ts'))('the pages that receive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onepush-react-'));
  let stack: Stack;
  let browser: Browser;
  let pages: Server;
  let origin: string;

  beforeAll(async () => {
    // The repository, as a server of files has it, and the React page as Vite builds it.
    pages = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://x');
      const root = pathname.startsWith('/examples/') || pathname.startsWith('/device/') ? ROOT : folder;
      const file = join(root, pathname === '/' ? 'index.html' : pathname);
      const content = await readFile(file).catch(() => undefined);
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      response.writeHead(content === undefined ? 404 : 200).end(content);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    // A TCP server's address is not the name of a pipe.
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const vite = ['build', 'examples/react', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
    stack = await startStack({ edgeEnv: { ONEPUSH_HTTP_ORIGINS: origin } });
    [browser] = await Promise.all([launchChromium(), run(join(ROOT, 'node_modules/.bin/vite'), vite, { cwd: ROOT })]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const status = (page: Page, text: string) => page.locator(`[role=status]:text-is("${text}")`).waitFor();
  const shows = (page: Page, text: string) => page.locator('li', { hasText: text }).waitFor();

  it('are a plain page', async () => {
    const page = await browser.newPage();
    const alias = uniqueName();
    await page.goto(`${origin}/examples/browser/receive.html`);
    await page.fill('[name=url]', stack.httpUrl);
    await page.fill('[name=appId]', TEST_APP.appId);
    await page.fill('[name=alias]', alias);
    await page.click('button');
    await status(page, 'open');
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'to a plain page <b>' });
    await shows(page, 'to a plain page <b>');
    await page.close();
  });

  it('are a React page with a hook, which shows each message once', async () => {
    const page = await browser.newPage();
    const alias = uniqueName();
    await page.goto(`${origin}/?${new URLSearchParams({ url: stack.httpUrl })}`);
    await page.fill('[name=alias]', alias);
    await page.click('button');
    await status(page, 'Connected');
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'one', needConfirm: true });
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'two' });
    await shows(page, 'two');
    expect(await page.locator('li').allTextContents()).toEqual([' two', ' one']);
    await page.close();
  });
});
