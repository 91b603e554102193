import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';

const skipped = skipWithoutChromium('console.test.ts');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of the pages; none are made where it is not set. */
const { CONSOLE_SHOTS } = process.env;
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 } };

describe.skipIf(skipped)('the console', { timeout: 60_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    stack = await startStack({ coreEnv: { ONEPUSH_SECRET_KEY: 'a'.repeat(64) } });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  afterEach(async () => {
    await page?.context().close();
    expect(faults, 'errors, exceptions and violations of the policy').toEqual([]);
  });

  async function open(options: BrowserContextOptions): Promise<void> {
    const context = await browser.newContext(options);
    page = await context.newPage();
    faults = [];
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // Chromium reports every 4xx answer; the page shows those itself.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load')) faults.push(message.text());
    });
    await page.goto(`${stack.connectUrl}/console/`);
  }

  async function signIn(secret: string, appId = ''): Promise<void> {
    if (appId !== '') {
      await page.getByRole('combobox').selectOption('app');
      await page.locator('input').first().fill(appId);
    }
    await page.locator('input[type=password]').fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').waitFor();
  }

  async function registerAlice(): Promise<void> {
    const response = await fetch(`${stack.httpUrl}/msgpush/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ alias: 'alice', appId: TEST_APP.appId, platform: 'WEB', nativeToken: 'alice-1' }),
    });
    expect(response.status).toBe(200);
  }

  async function visit(name: string): Promise<void> {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await page
      .getByRole('heading', { level: 1 })
      .or(page.getByRole('heading', { level: 2 }))
      .first()
      .waitFor();
  }

  /** Checks the page as it stands: accessible by axe's rules, and no wider than the window. */
  async function check(name: string): Promise<void> {
    await page
      .getByText(/^(Loading …|加载中…)$/)
      .first()
      .waitFor({ state: 'detached' });
    // The policy of the page lets no script in; that of the debugger is none of its.
    await page.evaluate(`(() => { ${AXE} })()`);
    const found = await page.evaluate<string[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
    );
    expect(found, name).toEqual([]);
    const widths = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
    expect(widths[0], `${name} is too wide`).toBeLessThanOrEqual(widths[1]);
    if (CONSOLE_SHOTS !== undefined)
      await page.screenshot({ path: join(CONSOLE_SHOTS, `${name}.png`), fullPage: true });
  }

  it('lets an admin in, shows what goes on, makes an app with a key, and deletes it', async () => {
    await open({ ...DESKTOP, locale: 'en-GB' });
    await check('sign-in');
    await page.locator('input[type=password]').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('admin token is wrong').waitFor();
    await signIn(ADMIN_TOKEN);
    await page.locator('.chart canvas').nth(5).waitFor();
    await check('overview');
    await visit('Apps');
    await page.getByLabel('Name').fill('Billing');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Copy it now').waitFor();
    await check('apps');
    await page.getByRole('link', { name: 'Billing' }).click();
    await page.getByLabel('Name of a new key').fill('reports');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('cell', { name: 'reports' }).waitFor();
    await check('app');
    await page.getByRole('button', { name: 'Delete' }).click();
    // The question has the focus.
    await page.locator('.confirm button:focus').press('Enter');
    await page.getByText('Will be removed').waitFor();
    await page.getByRole('button', { name: 'Keep it after all' }).click();
    await page.getByRole('button', { name: 'Disable' }).waitFor();
    await visit('Audit log');
    await page.getByRole('cell', { name: 'DeleteApp' }).waitFor();
    await check('audit');
    await page.reload();
    await page.getByRole('cell', { name: 'DeleteApp' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[type=password]').waitFor();
    await page.reload();
    await page.locator('input[type=password]').waitFor();
  });

  it('sends, shows what became of it, and says why it did not arrive', async () => {
    await registerAlice();
    await open({ ...DESKTOP, locale: 'en-GB' });
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await visit('Receipts');
    await page.getByText('As they come').waitFor();
    await check('receipts');
    await visit('Send');
    await page.getByLabel('Who').fill('alice');
    await page.getByLabel('Text').fill('Your parcel is here');
    await page.getByRole('button', { name: 'Count the audience' }).click();
    await page.getByText('Devices: 1, online: 0').waitFor();
    await page.getByRole('button', { name: 'Only check it' }).click();
    await page.getByText('nothing was sent').waitFor();
    await check('compose');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const status = page.getByRole('status');
    await status.getByRole('link').click();
    await page.getByRole('cell', { name: 'Pending' }).waitFor();
    await check('push');
    await page.getByRole('cell').getByRole('link').first().click();
    await page.getByText('It waits for the device to connect').waitFor();
    await visit('Devices');
    await page.getByLabel('Value').fill('alice');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('The device is offline').waitFor();
    await check('devices');
    await page.getByRole('link', { name: /^Push \d+$/ }).click();
    await page.getByRole('button', { name: 'Recall' }).click();
    await page.locator('.confirm button:focus').press('Enter');
    await page.locator('.badge', { hasText: 'Recalled' }).waitFor();
    await visit('Pushes');
    await page.getByLabel('State').selectOption('RECALLED');
    await page.getByRole('cell', { name: 'Recalled' }).waitFor();
    await check('pushes');
  });

  it('is in Chinese, dark and on a phone as well, for the key of an app', async () => {
    await open({ ...PHONE, locale: 'zh-CN', colorScheme: 'dark' });
    await check('phone-sign-in');
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await visit('密钥');
    await page.getByText('（初始密钥）').waitFor();
    await check('phone-keys');
    await visit('推送');
    await page.getByText('已发送').first().waitFor();
    await check('phone-pushes');
    await page.goto(`${stack.connectUrl}/console/#/devices/alias/nobody`);
    await page.getByText('该用户没有已注册的设备').waitFor();
    await check('phone-devices');
    await visit('发送');
    await check('phone-compose');
    await visit('配额');
    await check('phone-usage');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  it('works on a phone and in the dark for an admin', async () => {
    await open({ ...PHONE, locale: 'en-GB', colorScheme: 'dark' });
    await signIn(ADMIN_TOKEN);
    await page.locator('.chart canvas').nth(5).waitFor();
    await check('phone-overview');
    await visit('Apps');
    await page.getByRole('link', { name: 'testapp1' }).click();
    await page.getByText('No channels').waitFor();
    await check('phone-app');
  });
});
