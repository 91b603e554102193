import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type ConsolePage, DESKTOP, openConsolePage, PHONE } from '../support/console-page.js';
import { post } from '../support/rest.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';

const skipped = skipWithoutChromium('console.test.ts');

describe.skipIf(skipped)('the console', { timeout: 60_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let shown: ConsolePage;

  beforeAll(async () => {
    stack = await startStack();
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  afterEach(() => shown?.close());

  async function open(options: BrowserContextOptions): Promise<ConsolePage> {
    shown = await openConsolePage(browser, `${stack.connectUrl}/console/`, options);
    return shown;
  }

  async function register(alias: string, tag: string[] = []): Promise<void> {
    const device = { alias, appId: TEST_APP.appId, platform: 'WEB', nativeToken: `of ${alias}`, tag };
    expect((await post(stack.httpUrl, '/msgpush/register', device)).status).toBe(200);
  }

  it('lets an admin in, shows what goes on and who changed what, until one signs out', async () => {
    const { page, signIn, visit, check } = await open({ ...DESKTOP, locale: 'en-GB' });
    await check('sign-in');
    await page.locator('input[type=password]').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('admin token is wrong').waitFor();
    await signIn(ADMIN_TOKEN);
    await page.locator('.chart canvas').nth(5).waitFor();
    await check('overview');
    await visit('Audit log');
    await check('audit');
    await page.reload();
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[type=password]').waitFor();
    await page.goBack();
    await page.locator('input[type=password]').waitFor();
    expect(await page.getByRole('navigation').count(), 'the page of before').toBe(0);
    await page.reload();
    await page.locator('input[type=password]').waitFor();
  });

  it('sends, shows what became of it, and says why it did not arrive', async () => {
    await register('alice');
    const { page, signIn, visit, check, confirm } = await open({ ...DESKTOP, locale: 'en-GB' });
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
    await page.getByRole('cell').getByRole('button', { name: 'Device' }).first().click();
    await page.getByText('It waits for the device to connect').waitFor();
    await visit('Devices');
    await page.getByLabel('Value').fill('alice');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('The device is offline').waitFor();
    await check('devices');
    await page.getByRole('link', { name: /^Push \d+$/ }).click();
    await page.getByRole('button', { name: 'Recall' }).click();
    await check('question');
    await confirm();
    await page.locator('.badge', { hasText: 'Recalled' }).first().waitFor();
    await visit('Pushes');
    await page.getByLabel('State').selectOption('RECALLED');
    await page.getByRole('cell', { name: 'Recalled' }).waitFor();
    await check('pushes');
  });

  it('asks before it sends to everyone, and shows texts of others as texts', async () => {
    const alias = `${'l'.repeat(120)} أليس <img src=x onerror=alert(1)> 🎉`;
    await register(alias, ['<b>bold</b>']);
    const { page, signIn, visit, check, confirm } = await open({ ...PHONE, locale: 'en-GB' });
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await visit('Send');
    await page.getByLabel('Audience').selectOption('everyone');
    await page.getByLabel('Text').fill('<script>alert(1)</script>');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('status').textContent()).toBe('');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await confirm();
    await page.getByRole('status').getByRole('link').click();
    await page.getByText('<script>alert(1)</script>').waitFor();
    await page.goto(`${stack.connectUrl}/console/#/devices/tag/${encodeURIComponent('<b>bold</b>')}`);
    await page.getByText('onerror=alert(1)').first().waitFor();
    await check('odd-texts');
  });

  it('goes on when the core is there again, and says so while it is not', async () => {
    const { page, signIn, visit } = await open({ ...DESKTOP, locale: 'en-GB' });
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await visit('Limits');
    await page.getByText('app.sends', { exact: true }).waitFor();
    await stack.core.stop();
    await page.getByRole('alert').getByText('cannot be reached').waitFor();
    await stack.restartCore();
    await page.getByRole('button', { name: 'Try again' }).click();
    // Sessions are in memory: the core that was started again knows none.
    await page.getByText('The session has ended').waitFor();
    await signIn(TEST_APP.appKey);
    await page.getByText('app.sends', { exact: true }).waitFor();
    await stack.waitUntilReady();
  });

  it('goes where its address says that changes in the moment in which it is shown', async () => {
    const { page } = await open({ ...DESKTOP, locale: 'en-GB' });
    await page.evaluate(`new MutationObserver((_, observer) => {
      if (document.querySelector('nav') === null) return;
      observer.disconnect();
      location.hash = '#/audit';
    }).observe(document.body, { childList: true, subtree: true })`);
    await page.locator('input[type=password]').fill(ADMIN_TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  });

  it('is in Chinese, dark and on a phone as well, for the key of an app', async () => {
    const { page, signIn, visit, check } = await open({ ...PHONE, locale: 'zh-CN', colorScheme: 'dark' });
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
    await visit('审计日志');
    await expect
      .poll(() => page.evaluate(`document.querySelector('[aria-current]').getBoundingClientRect().right`))
      .toBeLessThanOrEqual(390);
    await page.goto(`${stack.connectUrl}/console/#/pushes/1`);
    await page.getByRole('alert').getByText('没有此 ID 的推送').waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  it('works on a phone and in the dark for an admin', async () => {
    const { page, signIn, visit, check } = await open({ ...PHONE, locale: 'en-GB', colorScheme: 'dark' });
    await signIn(ADMIN_TOKEN);
    await page.locator('.chart canvas').nth(5).waitFor();
    await check('phone-overview');
    await visit('Apps');
    await page.getByRole('link', { name: 'testapp1' }).click();
    await page.getByText('Whoever knows the app id can').waitFor();
    await check('phone-app');
  });
});
