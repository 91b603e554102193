import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type ConsolePage, DESKTOP, openConsolePage } from '../support/console-page.js';
import { post } from '../support/rest.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const skipped = skipWithoutChromium('console-settings.test.ts');

describe.skipIf(skipped)('the settings in the console', { timeout: 60_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let shown: ConsolePage;

  beforeAll(async () => {
    stack = await startStack({ coreEnv: { ONEPUSH_SECRET_KEY: 'a'.repeat(64) } });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  afterEach(() => shown?.close());

  async function open(secret: string, appId?: string): Promise<ConsolePage> {
    shown = await openConsolePage(browser, `${stack.connectUrl}/console/`, { ...DESKTOP, locale: 'en-GB' });
    await shown.signIn(secret, appId);
    return shown;
  }

  it('make an app with keys, by the keyboard alone, and delete it with its name in the question', async () => {
    const { page, visit, check } = await open(ADMIN_TOKEN);
    const name = uniqueName('Billing');
    await visit('Apps');
    await page.getByLabel('Name').focus();
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.getByText('shown this once').waitFor();
    expect(await page.evaluate('document.activeElement.textContent'), 'the focus').toBe('Copy');
    await check('apps');
    await page.getByRole('link', { name }).press('Enter');
    await page.getByRole('heading', { name }).waitFor();
    await check('app');
    await visit('Keys');
    await page.getByLabel('Name of a new key').fill('reports');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: 'reports' }).waitFor();
    await check('keys');
    await page.getByRole('row', { name: 'reports' }).getByRole('button', { name: 'Revoke' }).press('Enter');
    await page.getByRole('alertdialog', { name: 'reports' }).waitFor();
    // What can be undone has the focus.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: 'reports' }).waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent'), 'the focus').toBe('Keys');
    await page.getByRole('button', { name: 'Make a new key' }).press('Enter');
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Replace the main key' }).getByText('shown this once').waitFor();
    await visit('Settings');
    await page.getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByRole('alertdialog', { name: `Delete “${name}”` }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.textContent'), 'the focus').toBe('Delete');
    await page.keyboard.press('Enter');
    await shown.confirm();
    await page.getByText('Will be removed').waitFor();
    await page.getByRole('button', { name: 'Keep it after all' }).click();
    await page.getByRole('button', { name: 'Disable' }).waitFor();
  });

  it('warn of an open app, change its name and rule, and keep its content from vendors', async () => {
    const { page, visit } = await open(ADMIN_TOKEN);
    await visit('Apps');
    await page.getByRole('link', { name: 'testapp1' }).click();
    await page.getByText('Whoever knows the app id can register').waitFor();
    await page.getByRole('combobox', { name: 'Registration' }).selectOption('BOTH');
    await page.getByRole('textbox', { name: 'Name' }).fill('Parcels');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Unsigned registrations').waitFor();
    await page.getByRole('heading', { name: 'Parcels' }).waitFor();
    await page.getByLabel('Keep the content').check();
    await page.reload();
    await page.locator('input[type=checkbox]:checked').waitFor();
    await page.getByRole('combobox', { name: 'Registration' }).selectOption('OPEN');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Unsigned registrations').waitFor({ state: 'detached' });
  });

  it('give an app signing keys, limits and channels of its own, and take them away', async () => {
    const { page, visit, check, confirm } = await open(ADMIN_TOKEN);
    await page.goto(`${stack.connectUrl}/console/#/apps/${TEST_APP.appId}`);
    await visit('Signing keys');
    await page.getByText('There are none').waitFor();
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByText('shown this once').waitFor();
    await check('signing-keys');
    await page.getByRole('button', { name: 'Remove' }).click();
    await confirm();
    await page.getByText('There are none').waitFor();
    await visit('Limits');
    await page.getByLabel('Pushes a second').fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: 'app.sends' }).getByText('its own').waitFor();
    await check('limits');
    await visit('Channels');
    await page.getByText('No channels').waitFor();
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('MIPUSH');
    await page.getByRole('textbox', { name: /^Name/ }).fill('xiaomi');
    await page.getByLabel('appSecret').fill('s3cret');
    await page.getByRole('textbox', { name: 'package' }).fill('com.example.app');
    await page.getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('row', { name: 'xiaomi' });
    await row.getByText('com.example.app').waitFor();
    expect(await page.content()).not.toContain('s3cret');
    await check('channels');
    await row.getByRole('button', { name: 'Replace' }).click();
    expect(await page.getByRole('textbox', { name: 'package' }).inputValue()).toBe('com.example.app');
    expect(await page.getByLabel('appSecret').inputValue()).toBe('');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await row.getByRole('button', { name: 'Remove' }).click();
    await confirm();
    await page.getByText('No channels').waitFor();
  });

  it('give each admin a token, and end a session with the token by which it began', async () => {
    const { page, visit, check, confirm } = await open(ADMIN_TOKEN);
    await visit('Admin tokens');
    await page.getByLabel('Whose token').fill('Wang Wei');
    await page.keyboard.press('Enter');
    const token = (await page.locator('.secret code').textContent()) ?? '';
    await check('admin-tokens');
    const other = await openConsolePage(browser, `${stack.connectUrl}/console/`, { ...DESKTOP, locale: 'en-GB' });
    await other.signIn(token);
    await other.page.getByText('Wang Wei').waitFor();
    await page.getByRole('button', { name: 'Revoke' }).click();
    await confirm();
    await page.getByText('There are none but that of the environment').waitFor();
    await other.page.getByRole('link', { name: 'Apps', exact: true }).click();
    await other.page.getByText('The session has ended').waitFor();
    await other.close();
  });

  it('change and unregister devices, and set quiet hours, with the key of an app', async () => {
    const device = { alias: 'dora', appId: TEST_APP.appId, platform: 'WEB', nativeToken: 'dora-1', tag: ['vip'] };
    expect((await post(stack.httpUrl, '/msgpush/register', device)).status).toBe(200);
    const { page, visit, check, confirm } = await open(TEST_APP.appKey, TEST_APP.appId);
    await visit('Devices');
    await page.getByLabel('Value').fill('dora');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Tags').fill('vip\nbeta, gamma');
    await check('device');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'beta, gamma' }).waitFor();
    await visit('Quiet hours');
    await page.getByText('There are none: devices').waitFor();
    await page.getByLabel('Time zone').fill('Asia/Shanghai');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dd', { hasText: 'Asia/Shanghai' }).waitFor();
    await check('quiet-hours');
    await page.getByRole('button', { name: 'Remove' }).click();
    await confirm();
    await page.getByText('There are none: devices').waitFor();
    await visit('Clean up devices');
    await page.getByLabel('Only devices that were never').check();
    await page.getByRole('button', { name: 'Count them' }).click();
    await page.getByText('Devices that this is for: 1').waitFor();
    await check('clean-up');
    await page.getByRole('button', { name: 'Unregister them' }).click();
    await confirm();
    await page.getByText('Devices unregistered: 1').waitFor();
    await visit('Signing keys');
    await page.getByText('There are none').waitFor();
  });

  it('are shown to two tabs alike: who signs out in one is out in both', async () => {
    const { page } = await open(ADMIN_TOKEN);
    const second = await page.context().newPage();
    await second.goto(`${stack.connectUrl}/console/#/apps`);
    await second.getByRole('heading', { name: 'Apps', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await second.getByText('The session has ended').waitFor();
    // Another person in one tab is another person in both.
    await page.locator('input[type=password]').waitFor();
    await shown.signIn(TEST_APP.appKey, TEST_APP.appId);
    await second.getByRole('heading', { name: 'Pushes', exact: true }).waitFor();
  });
});
