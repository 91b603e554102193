import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

describe.skipIf(skipWithoutChromium('browser-example.test.ts'))('a page that calls PushCore over Connect', () => {
  let stack: Stack;
  let browser: Browser;
  let pages: Server;
  let port: number;

  beforeAll(async () => {
    pages = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      createReadStream(join(ROOT, 'examples/browser/send.html')).pipe(response);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    // A TCP server's address is not the name of a pipe.
    ({ port } = pages.address() as AddressInfo);
    stack = await startStack({ coreEnv: { ONEPUSH_CONNECT_ORIGINS: `http://127.0.0.1:${port}` } });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    pages?.close();
  });

  /** Opens the page, sends from it, and resolves with what it shows then. */
  async function send(host: string, appKey: string, alias: string): Promise<string> {
    const page: Page = await browser.newPage();
    await page.goto(`http://${host}:${port}/`);
    await page.fill('[name=url]', stack.connectUrl);
    await page.fill('[name=appKey]', appKey);
    await page.fill('[name=alias]', alias);
    await page.fill('[name=alert]', 'from a page');
    await page.click('button');
    const output = page.locator('output:not(:empty)');
    await output.waitFor();
    const text = (await output.textContent()) ?? '';
    await page.close();
    return text;
  }

  it('sends from an origin that is allowed', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    const id = await send('127.0.0.1', TEST_APP.appKey, alias);
    expect(await device.waitForMessage((message) => message.id === id)).toMatchObject({ alert: 'from a page' });
    await device.close();
  });

  it('is told what is wrong', async () => {
    expect(await send('127.0.0.1', 'wrong', 'alice')).toBe(
      'unauthenticated WRONG_APP_KEY: The app key is wrong or missing',
    );
  });

  it('cannot call from another origin', async () => {
    expect(await send('localhost', TEST_APP.appKey, 'alice')).toContain('Failed to fetch');
  });
});
