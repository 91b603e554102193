import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type Stack, startStack } from '../support/stack.js';

const skipped = skipWithoutChromium('page.test.ts');

const WAIT_MS = 15_000;
const BIG_EXTRA = '{"orderId":9223372036854775807,"price":1.10}';

/** Chromium reports every 4xx answer to the console; the page shows those itself, so that they are no fault of it. */
const isExpectedNoise = (text: string) => /^Failed to load resource: .* status of 4\d\d/.test(text);

describe.skipIf(skipped)('the page at GET /', { timeout: 60_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let faults: string[];
  let sentFrames: string[];
  let users = 0;

  beforeAll(async () => {
    stack = await startStack();
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  beforeEach(() => {
    faults = [];
    sentFrames = [];
  });

  afterEach(async () => {
    await page?.context().close();
    expect(faults, 'console errors, exceptions and CSP violations').toEqual([]);
  });

  /** Opens the page in a browser profile of its own, hence as a device of its own. */
  async function open(options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext(options);
    page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !isExpectedNoise(message.text()))
        faults.push(message.text());
    });
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sentFrames.push(payload.toString())));
    const response = await page.goto(stack.httpUrl);
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
  }

  /** Registers a user whom no other test has, aims the send part at it and connects. Resolves to the alias. */
  async function connectAs(platform: string): Promise<string> {
    users += 1;
    const alias = `page-user-${users}`;
    await page.fill('#alias', alias);
    await page.selectOption('#platform', platform);
    await page.click('#register');
    await page.locator('#device-result[data-outcome=ok]').waitFor();
    await page.click('#connect');
    await page.locator('#status[data-state=open]').waitFor();
    await page.fill('#audiences', alias);
    return alias;
  }

  /** Presses Send and resolves to the request that the page makes. */
  async function send(): Promise<Request> {
    const [request] = await Promise.all([page.waitForRequest('**/msgpush/send'), page.click('#send')]);
    return request;
  }

  /** Waits until the push is accepted. Resolves to its requestId. */
  async function accepted(): Promise<string> {
    const result = page.locator('#send-result[data-outcome=ok]');
    await result.waitFor();
    return (await result.getAttribute('data-request-id')) ?? '';
  }

  /** Every copy of a message that came, the newest first; `messageOf` is the newest. */
  const copiesOf = (id: string) => page.locator(`#messages > li[data-id="${id}"]`);
  const messageOf = (id: string) => copiesOf(id).first();

  it('sends every documented field, shows the message and confirms it', async () => {
    await open();
    await page.fill('#tags', 'news, beta');
    await page.fill('#mobile', '13800000000');
    const alias = await connectAs('IOS');

    await page.fill('#send-app-id', 'testapp1');
    await page.fill('#send-app-key', 'dkdka');
    await page.fill('#tenant-code', 'acme');
    await page.selectOption('#send-platform', 'IOS');
    await page.selectOption('#push-msg-type', 'CMD');
    await page.check('#need-confirm');
    await page.fill('#duration', '3600');
    await page.selectOption('#audience-type', 'ALIAS');
    await page.fill('#audiences', `${alias}, nobody-1\nnobody-2`);
    await page.fill('#extra', BIG_EXTRA);
    await page.fill('#alert', 'Hello <b>you</b>');
    await page.fill('#sound', 'bell.caf');
    await page.fill('#badge', '7');
    await page.fill('#sender', 'billing');
    await page.fill('#send-device', 'server-1');
    await page.fill('#sms-message', 'Hello by SMS');

    const body = (await send()).postData() ?? '';
    expect(body).toContain(`"extra":${BIG_EXTRA}`);
    expect(JSON.parse(body)).toEqual({
      appId: 'testapp1',
      appKey: 'dkdka',
      tenantCode: 'acme',
      platform: 'IOS',
      pushMsgType: 'CMD',
      needConfirm: true,
      duration: 3600,
      audienceType: 'ALIAS',
      audiences: [alias, 'nobody-1', 'nobody-2'],
      extra: expect.anything(),
      alert: 'Hello <b>you</b>',
      sound: 'bell.caf',
      badge: 7,
      sender: 'billing',
      sendDeive: 'server-1',
      smsMessage: 'Hello by SMS',
    });

    const id = await accepted();
    const message = messageOf(id);
    await message.waitFor();
    expect(await message.locator('.text').textContent()).toBe('Hello <b>you</b>');
    const raw = (await message.locator('.raw').textContent()) ?? '';
    expect(JSON.parse(raw)).toMatchObject({ tenantCode: 'acme', pushMsgType: 'CMD', sound: 'bell.caf', badge: 7 });

    await message.locator('.confirm').click();
    await message.locator('.confirm:disabled').waitFor();
    await expect.poll(() => sentFrames, { timeout: WAIT_MS }).toContain(`CFM:${id}`);
  });

  it('shows 64-bit numbers and 1.10 in extra to the digit', async () => {
    await open();
    await connectAs('WEB');
    await page.fill('#extra', BIG_EXTRA);
    await send();
    const message = messageOf(await accepted());
    const raw = await message.locator('.raw').textContent();
    expect(raw).toContain('9223372036854775807');
    expect(raw).toContain('1.10');
    expect(await page.textContent('#curl')).toContain(BIG_EXTRA);
  });

  it('marks what comes again after a reconnect, and confirms by itself when asked to', async () => {
    await open();
    await connectAs('WEB');
    await page.check('#need-confirm');
    await send();
    const id = await accepted();
    const repeated = copiesOf(id).getByText('repeated', { exact: true });
    await messageOf(id).waitFor();
    expect(await repeated.count()).toBe(0);

    await page.click('#disconnect');
    await page.locator('#status[data-state=idle]').waitFor();
    await page.check('#auto-confirm');
    await page.click('#connect');
    await repeated.first().waitFor();
    await expect.poll(() => sentFrames, { timeout: WAIT_MS }).toContain(`CFM:${id}`);
  });

  it('leaves empty optional fields out and reaches everyone', async () => {
    await open();
    await connectAs('WEB');
    await page.click('#everyone');
    const request = await send();
    const body: unknown = request.postDataJSON();
    expect(body).toEqual({
      appId: 'testapp1',
      appKey: 'dkdka',
      platform: 'ALL',
      pushMsgType: 'MSG',
      audienceType: 'ALIAS',
      audiences: ['ALL'],
      alert: expect.any(String),
    });
    await messageOf(await accepted()).waitFor();
  });

  it('marks the field that the server complains of, until it is right', async () => {
    await open();
    await connectAs('WEB');
    await page.fill('#alert', '');
    await send();
    await page.locator('#alert[aria-invalid=true]:focus').waitFor();
    expect(await page.textContent('#send-result')).toMatch(/^400\d\d: .*field alert/);

    await page.fill('#alert', 'now with a text');
    await send();
    await accepted();
    expect(await page.locator('[aria-invalid]').count()).toBe(0);
  });

  it('tells what the server answers to a wrong key', async () => {
    await open();
    await page.fill('#send-app-key', 'not the key');
    await send();
    const result = page.locator('#send-result[data-outcome=error]');
    await result.waitFor();
    expect(await result.textContent()).toMatch(/^401\d\d: /);
  });

  it('refuses extra that is not JSON without asking the server', async () => {
    await open();
    let requests = 0;
    page.on('request', () => {
      requests += 1;
    });
    await page.fill('#extra', '{"orderId":');
    await page.click('#send');
    await page.locator('#extra[aria-invalid=true]').waitFor();
    expect(requests).toBe(0);
  });

  it('explains the close after unregister and does not reconnect', async () => {
    await open();
    await connectAs('WEB');
    await page.click('#unregister');
    await page.locator('#status[data-state=refused]').waitFor();
    expect(await page.textContent('#status')).toContain('4410');
    await expect.poll(() => page.inputValue('#device-id'), { timeout: WAIT_MS }).toBe('');
  });

  it('keeps the native token, and nothing else, in the browser', async () => {
    await open();
    await connectAs('WEB');
    const token = await page.inputValue('#native-token');
    await page.reload();
    expect(await page.inputValue('#native-token')).toBe(token);
    expect(await page.inputValue('#device-id')).toBe('');
    // As text, for this project compiles without the DOM's types.
    expect(await page.evaluate<string[]>('Object.values(localStorage)')).toEqual([token]);
  });

  it('says that there are no notifications without a key for them', async () => {
    await open();
    await page.locator('#notify:disabled').waitFor();
    expect(await page.textContent('#notify-note')).toContain('ONEPUSH_VAPID_PUBLIC_KEY');
  });

  it('fits a phone without scrolling sideways', async () => {
    const width = 360;
    await open({ viewport: { width, height: 800 }, isMobile: true, hasTouch: true });
    await connectAs('WEB');
    await page.fill('#alert', 'w'.repeat(300));
    await page.fill('#extra', `{"long":"${'x'.repeat(300)}"}`);
    await send();
    await messageOf(await accepted()).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
