import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type ConsolePage, DESKTOP, openConsolePage, PHONE } from '../support/console-page.js';
import { eventually } from '../support/eventually.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type CertificateFolder, certificateFolder } from '../support/tls.js';
import { uniqueName } from '../support/users.js';
import { type BackEnd, startBackEnd } from '../support/webhook-core.js';

const skipped = skipWithoutChromium('console-webhooks.test.ts');
const { appId, appKey } = TEST_APP;
const app = basic(appId, appKey);

describe.skipIf(skipped)('webhooks in the console', { timeout: 90_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let backEnd: BackEnd;
  let folder: CertificateFolder;
  let shown: ConsolePage;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    folder = await certificateFolder();
    stack = await startStack({
      coreEnv: {
        ONEPUSH_SECRET_KEY: 'a'.repeat(64),
        ONEPUSH_WEBHOOK_HOSTS: 'localhost',
        NODE_EXTRA_CA_CERTS: await folder.write('ca.pem', backEnd.server.ca),
      },
    });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await folder?.remove();
    await backEnd?.server.stop();
  });
  afterEach(() => shown?.close());

  /** Pushes to a new device and recalls it: one event. */
  async function recall(): Promise<string> {
    const client = pushCoreClient(stack, 'connect');
    const alias = uniqueName();
    await client.registerDevice({ appId, alias, platform: Platform.WEB, nativeToken: alias });
    const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'a text' }, app);
    await client.recallPush({ requestId }, app);
    return requestId;
  }

  const timesTold = (id: string): number => backEnd.told.filter(({ messageId }) => messageId === id).length;

  it('are made, tried, changed and stopped, say what to do when they fail, and tell again', async () => {
    shown = await openConsolePage(browser, `${stack.connectUrl}/console/#/apps/${appId}/webhooks`, {
      ...DESKTOP,
      locale: 'en-GB',
    });
    const { page, signIn, check, confirm } = shown;
    await signIn(ADMIN_TOKEN);
    await page.getByText('add one below').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('orders');
    await page.getByLabel('Address').fill(backEnd.url);
    await page.keyboard.press('Enter');
    const secret = page.locator('.secret code');
    backEnd.secrets.push((await secret.textContent()) ?? '');
    expect(await page.evaluate('document.activeElement.textContent'), 'the focus').toBe('Copy');
    const part = page.getByRole('article', { name: 'orders' });
    await part.getByRole('button', { name: 'Test' }).click();
    await part.getByText('HTTP 204').waitFor();
    await check('webhooks');
    await part.getByRole('button', { name: 'Edit' }).click();
    await part.getByLabel('Name', { exact: true }).fill('parcels');
    await part.getByLabel('Tells of').selectOption('receipts');
    await part.getByRole('button', { name: 'Save' }).click();
    const changed = page.getByRole('article', { name: 'parcels' });
    await changed.getByText('Ends of deliveries').waitFor();
    await changed.getByRole('button', { name: 'Disable' }).click();
    await changed.getByText('Somebody disabled it').waitFor();
    await changed.getByRole('button', { name: 'Enable' }).click();
    await changed.getByText('Active').waitFor();

    const taken = await recall();
    await eventually(() => timesTold(taken) === 1);
    backEnd.judge = () => ({ status: 422 });
    const refused = await recall();
    await changed.getByText('The back end refuses what it gets').waitFor();
    await check('webhooks-failing');
    // It is sent five times, with pauses of 1, 2, 4 and 8 seconds.
    await changed.getByText('Dead letters: 1').click({ timeout: 45_000 });
    await changed.getByRole('cell', { name: 'delivery.ended RECALLED' }).waitFor();
    await check('webhooks-dead-letters');
    backEnd.judge = () => undefined;
    await changed.getByRole('checkbox').check();
    await changed.getByRole('button', { name: 'Send 1 again' }).click();
    await changed.getByText('before anything new: 1').waitFor();
    await eventually(() => timesTold(refused) === 1);
    await changed.getByText('Dead letters: 0').waitFor();

    await changed.getByText('Tell again from a time on').click();
    await changed.getByLabel('From').fill('2026-01-01T00:00');
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog', { name: 'Tell “parcels” again' }).waitFor();
    await confirm();
    await eventually(() => timesTold(taken) === 2 && timesTold(refused) === 2);
    await changed.getByRole('button', { name: 'New secret' }).click();
    await confirm();
    await changed.getByText('The old secret signs too').waitFor();
    expect(await changed.locator('.secret code').textContent()).toMatch(/^whsec_/);
    await changed.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog', { name: 'Delete “parcels”' }).waitFor();
    await confirm();
    await page.getByText('add one below').waitFor();
    expect(await page.evaluate('document.activeElement.textContent'), 'the focus').toBe('Webhooks');
  });

  it('are shown in Chinese, on a phone and in the dark, without their path, to a key that may read', async () => {
    const client = pushCoreClient(stack, 'connect');
    const reader = await client.createAppKey({ appId, name: 'reports', scope: KeyScope.READ }, app);
    const { webhook } = await client.createWebhook({ appId, name: 'orders', url: backEnd.url }, app);
    await client.updateWebhook({ appId, id: webhook?.id ?? '', enabled: false }, app);
    shown = await openConsolePage(browser, `${stack.connectUrl}/console/`, {
      ...PHONE,
      locale: 'zh-CN',
      colorScheme: 'dark',
    });
    const { page, signIn, visit, check } = shown;
    await signIn(reader.appKey, appId);
    await visit('Webhook');
    await page.getByText('有人停用了它').waitFor();
    expect(await page.locator('main').textContent()).not.toContain('secret-path');
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
    await page.getByText('死信：0').click();
    await page.getByText('没有死信').waitFor();
    await check('phone-webhooks');
  });
});
