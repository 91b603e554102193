import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type ConsolePage, DESKTOP, openConsolePage } from '../support/console-page.js';
import { connectDevice } from '../support/device.js';
import { registerDevice, send } from '../support/rest.js';
import { bearer, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';

const skipped = skipWithoutChromium('console-use.test.ts');

describe.skipIf(skipped)('the console in daily use', { timeout: 60_000 }, () => {
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

  async function register(alias: string): Promise<string> {
    const device = { alias, appId: TEST_APP.appId, platform: 'WEB', nativeToken: `of ${alias}` };
    const { status, body } = await registerDevice(stack.httpUrl, device);
    expect(status).toBe(200);
    return body.id;
  }

  it('keeps the id of a device out of the address, over reloads and on the way back', async () => {
    await register('bob');
    await register('bob 2');
    const { page, signIn } = await open({ ...DESKTOP, locale: 'en-GB' });
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    const timeline = page.getByRole('heading', { name: /^Why did it arrive at [0-9a-f]{8}…, or not\?$/ });
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => addresses.push(frame.url()));
    const titles: (string | null)[] = [];
    for (const alias of ['bob', 'bob 2']) {
      await page.goto(`${stack.connectUrl}/console/#/devices/alias/${encodeURIComponent(alias)}`);
      await page.getByRole('cell').getByRole('button', { name: 'Device' }).click();
      await timeline.waitFor();
      titles.push(await timeline.textContent());
    }
    await page.reload();
    await page.getByText(titles[1] ?? '').waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByText(titles[0] ?? '').waitFor();
    // One that is typed goes from the field, and one of an old address from that.
    await page.getByLabel('Value').fill('0123456789abcdef0123456789abcdef');
    await page.keyboard.press('Enter');
    await page.getByText('There is no device with this id').waitFor();
    expect(await page.getByLabel('Value').inputValue()).toBe('');
    expect(addresses.filter((address) => /[0-9a-f]{32}/.test(address))).toEqual([]);
    await page.goto(`${stack.connectUrl}/console/#/quiet/device/fedcba9876543210fedcba9876543210`);
    await page.getByRole('heading', { name: 'Quiet hours of fedcba98…' }).waitFor();
    expect(page.url()).toMatch(/#\/quiet\/device$/);
    expect(await page.content()).not.toContain('fedcba9876543210');
  });

  it('asks before it sends the same again, and keeps what is written until it is sent', async () => {
    await register('carol, PhD');
    const { page, signIn, visit, confirm } = await open({ ...DESKTOP, locale: 'en-GB' });
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await visit('Send');
    await page.getByLabel('Who').fill('carol, PhD\n');
    await page.getByLabel('Text').fill('Once');
    await visit('Limits');
    await page.context().clearCookies();
    await visit('Send');
    await page.getByRole('button', { name: 'Count the audience' }).click();
    await page.getByText('The session has ended').waitFor();
    await signIn(TEST_APP.appKey);
    expect(await page.getByLabel('Text').inputValue()).toBe('Once');
    await page.getByRole('button', { name: 'Count the audience' }).click();
    await page.getByText('Devices: 1, online: 0').waitFor();
    const sent: string[] = [];
    page.on('request', (request) => sent.push(...(request.url().endsWith('/SendPush') ? [request.url()] : [])));
    const button = page.getByRole('button', { name: 'Send', exact: true });
    await button.dblclick();
    await page.getByRole('status').getByRole('link').waitFor();
    // The second click came while it was sent, or asks.
    if ((await page.getByRole('alertdialog').count()) === 0) await button.click();
    await page.getByRole('alertdialog', { name: 'Exactly this was sent just now' }).waitFor();
    await page.keyboard.press('Escape');
    expect(sent.length).toBe(1);
    await button.click();
    await confirm();
    await page.getByRole('status').getByRole('link').waitFor();
    expect(sent.length).toBe(2);
    await page.getByLabel('Text').fill('Twice');
    await button.click();
    await page.getByRole('status').getByRole('link').waitFor();
    expect(sent.length).toBe(3);
    await visit('Limits');
    await visit('Send');
    expect(await page.getByLabel('Text').inputValue()).toBe('');
  });

  it('shows times by the clock of the server, and nothing of an answer that was asked for before', async () => {
    const device = connectDevice(stack.wsUrl, await register('dave'));
    await device.opened;
    expect((await send(stack.httpUrl, { ...TEST_APP, audiences: ['dave'], alert: 'a text' })).status).toBe(200);
    const { page, signIn } = await open({ ...DESKTOP, locale: 'en-GB' });
    await page.clock.setFixedTime(Date.now() + 5 * 3_600_000);
    await signIn(TEST_APP.appKey, TEST_APP.appId);
    await page.goto(`${stack.connectUrl}/console/#/devices/alias/dave`);
    await page.getByRole('cell', { name: /^online (now|(\d+ seconds?|1 minute) ago)$/i }).waitFor();
    await page.goto(`${stack.connectUrl}/console/#/receipts`);
    await expect
      .poll(
        async () => {
          await send(stack.httpUrl, { ...TEST_APP, audiences: ['dave'], alert: 'once more' });
          return page.getByRole('cell', { name: 'dave', exact: true }).count();
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0);
    device.terminate();
    await page.goto(`${stack.connectUrl}/console/#/pushes`);
    await page.getByRole('row').nth(1).waitFor();
    await page.route('**/ListPushes', (route) => route.abort());
    await page.getByLabel('State').selectOption('SCHEDULED');
    await page.getByRole('alert').getByText('cannot be reached').waitFor();
    expect(await page.getByRole('row').count(), 'rows of any state').toBe(0);
    await page.unroute('**/ListPushes');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('There are no such pushes').waitFor();
  });

  it('offers what a key is for, and says of other pages why they are not there', async () => {
    const client = pushCoreClient(stack, 'connect');
    const made = { appId: TEST_APP.appId, name: 'reports', scope: KeyScope.READ };
    const { appKey } = await client.createAppKey(made, bearer(ADMIN_TOKEN));
    const { page, signIn } = await open({ ...DESKTOP, locale: 'en-GB' });
    // Where somebody else was, one begins anew.
    await page.goto(`${stack.connectUrl}/console/#/apps`);
    await signIn(appKey, TEST_APP.appId);
    await page.getByRole('heading', { name: 'Pushes', exact: true }).waitFor();
    await page.getByRole('banner').getByText('testapp1 · Read').waitFor();
    const menu = page.getByRole('navigation').getByRole('link');
    expect(await menu.allTextContents()).toEqual([
      'Pushes',
      'Devices',
      'Receipts',
      'Quiet hours',
      'Webhooks',
      'Limits',
    ]);
    await page.goto(`${stack.connectUrl}/console/#/keys`);
    await page.getByText('of the scope Read, is not for this page').waitFor();
    await page.goto(`${stack.connectUrl}/console/#/elsewhere`);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
    // Who could not sign out is told so.
    await page.route('**/console/session', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').getByText('cannot be reached').waitFor();
  });
});
