import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { type Stack, startStack } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const skipped = skipWithoutChromium('page.test.ts');

const WAIT_MS = 15_000;
const BIG_EXTRA = '{"orderId":9223372036854775807,"price":1.10}';
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Chromium reports every 4xx answer to the console; the page shows those itself, so that they are no fault of it. */
const isExpectedNoise = (text: string) => /^Failed to load resource: .* status of 4\d\d/.test(text);

describe.skipIf(skipped)('the page at GET /', { timeout: 60_000 }, () => {
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let faults: string[];
  let sentFrames: string[];

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
    const context = await browser.newContext({ locale: 'en-US', ...options });
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

  const status = (state: string) => page.locator(`#status[data-state=${state}]`);

  /** Connects as a user whom no other test has. Resolves to the alias. */
  async function connect(): Promise<string> {
    const alias = uniqueName();
    await page.fill('#alias', alias);
    await page.click('#connect');
    await status('open').waitFor();
    return alias;
  }

  const unfold = (id: string) => page.click(`#${id} > summary`);

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

  const messageOf = (id: string) => page.locator(`#messages > li[data-id="${id}"]`);
  const kept = () => page.evaluate<string>('JSON.stringify(localStorage)');

  it('connects with one click, sends every documented field, shows the message and confirms it', async () => {
    await open();
    await unfold('device-more');
    await page.selectOption('#platform', 'IOS');
    await page.fill('#tags', 'news, beta');
    await page.fill('#mobile', '13800000000');
    const registration = page.waitForRequest('**/msgpush/register');
    const alias = await connect();
    expect((await registration).postDataJSON()).toMatchObject({
      ...{ alias, appId: 'testapp1', platform: 'IOS', tag: ['news', 'beta'], mobile: '13800000000' },
    });

    await unfold('send-more');
    await page.selectOption('#to', 'others');
    await page.fill('#audiences', `${alias}, nobody-1，nobody-2`);
    await page.fill('#tenantCode', 'acme');
    await page.selectOption('#toPlatform', 'IOS');
    await page.selectOption('#pushMsgType', 'CMD');
    await page.check('#needConfirm');
    await page.fill('#duration', '3600');
    await page.fill('#extra', BIG_EXTRA);
    await page.fill('#alert', 'Hello <b>you</b>');
    await page.fill('#title', 'A title');
    await page.fill('#clickTarget', 'https://shop.example.com/');
    await page.fill('#sound', 'bell.caf');
    await page.fill('#badge', '7');
    await page.fill('#sender', 'billing');
    await page.fill('#sendDeive', 'server-1');
    await page.fill('#smsMessage', 'Hello by SMS');

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
      push: { title: 'A title', clickTarget: 'https://shop.example.com/' },
    });

    const id = await accepted();
    const message = messageOf(id);
    await message.waitFor();
    expect(await message.locator('.text').textContent()).toBe('Hello <b>you</b>');
    const raw = (await message.locator('.raw').textContent()) ?? '';
    expect(JSON.parse(raw)).toMatchObject({ tenantCode: 'acme', pushMsgType: 'CMD', sound: 'bell.caf', badge: 7 });
    // To the digit, in the command too.
    expect(raw).toContain(BIG_EXTRA);
    expect(await page.textContent('#curl')).toContain(BIG_EXTRA);

    await message.locator('.confirm').click();
    await message.locator('.confirm:disabled').waitFor();
    await expect.poll(() => sentFrames, { timeout: WAIT_MS }).toContain(`CFM:${id}`);
  });

  it('leaves empty optional fields out, reaches everyone, and confirms by itself when asked to', async () => {
    await open();
    await connect();
    await page.selectOption('#to', 'everyone');
    expect((await send()).postDataJSON()).toEqual({
      appId: 'testapp1',
      appKey: 'dkdka',
      platform: 'ALL',
      pushMsgType: 'MSG',
      audienceType: 'ALIAS',
      audiences: ['ALL'],
      alert: expect.any(String),
    });
    const first = await accepted();
    await messageOf(first).waitFor();
    await page.check('#autoConfirm');
    await page.check('#needConfirm');
    await page.fill('#alert', 'please confirm');
    await send();
    const second = page.locator('#messages > li', { hasText: 'please confirm' });
    await second.first().waitFor();
    const id = await second.first().getAttribute('data-id');
    await expect.poll(() => sentFrames, { timeout: WAIT_MS }).toContain(`CFM:${id}`);
  });

  it('shows in the fields and in words what is wrong: a text, a key, JSON', async () => {
    await open();
    await connect();
    await page.fill('#alert', '');
    await send();
    await page.locator('#alert[aria-invalid=true]:focus').waitFor();
    expect(await page.textContent('#send-result')).toMatch(/alert.*\(400\d\d\)/);
    await page.fill('#alert', 'now with a text');
    expect(await page.locator('[aria-invalid]').count()).toBe(0);

    await page.fill('#appKey', 'not the key');
    await send();
    await page.locator('#send-result[data-outcome=error]', { hasText: '(401' }).waitFor();

    let requests = 0;
    page.on('request', () => {
      requests += 1;
    });
    await unfold('send-more');
    await page.fill('#extra', '{"orderId":');
    await unfold('send-more');
    await page.click('#send');
    await page.locator('#extra[aria-invalid=true]:focus').waitFor();
    expect(requests).toBe(0);
  });

  it('says why the service refuses to connect it', async () => {
    await open();
    await page.fill('#appId', 'no-such-app');
    await page.click('#connect');
    await status('closed').waitFor();
    expect(await page.textContent('#status')).toMatch(/refuses: .*\(404\d\d\)/);
  });

  it('registers with a signed token, which it does not keep', async () => {
    await open();
    await unfold('device-more');
    await page.fill('#registrationToken', 'a.signed.token');
    const registration = page.waitForRequest('**/msgpush/register');
    await connect();
    expect((await registration).headers().authorization).toBe('Bearer a.signed.token');
    expect(await kept()).not.toContain('a.signed.token');
  });

  it('remembers what was typed and that it was connected, but no key', async () => {
    await open();
    const alias = await connect();
    await page.fill('#alert', 'typed before');
    await page.fill('#appKey', 'a-secret-key');
    await unfold('device-more');
    await page.click('#show-id');
    const id = await page.textContent('#device-id');
    await page.reload();
    await status('open').waitFor();
    expect(await page.textContent('#identity')).toContain(alias);
    expect(await page.inputValue('#alert')).toBe('typed before');
    expect(await kept()).not.toContain('a-secret-key');
    await unfold('device-more');
    expect(await page.textContent('#device-id')).not.toBe(id);
    await page.click('#show-id');
    expect(await page.textContent('#device-id'), 'the same device').toBe(id);

    await page.click('#disconnect');
    await status('closed').waitFor();
    await page.reload();
    await status('idle').waitFor();
  });

  it('forgets this browser: it unregisters, and says so', async () => {
    await open();
    await connect();
    await unfold('device-more');
    await page.click('#forget');
    await status('closed').waitFor();
    expect(await page.textContent('#status')).toContain('no messages any more');
  });

  it('says that there are no notifications without a key for them', async () => {
    await open();
    await connect();
    expect(await page.textContent('#notify-note')).toContain('ONEPUSH_VAPID_PUBLIC_KEY');
    expect(await page.locator('#notify').count()).toBe(0);
  });

  it('shows no key, and no app, to a browser that is elsewhere', async () => {
    await open();
    expect(await page.inputValue('#appKey')).toBe('dkdka');
    // As if a proxy on this machine had hidden where the reader is.
    await page.context().close();
    page = await browser.newPage();
    await page.route('**/*', async (route) => {
      await route.fulfill({ response: await route.fetch({ url: stack.httpUrl }) });
    });
    await page.goto('http://push.example.com/');
    expect(await page.inputValue('#appKey')).toBe('');
    expect(await page.inputValue('#appId')).toBe('');
  });

  it('is in Chinese where the browser prefers it', async () => {
    await open({ locale: 'zh-CN' });
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    await connect();
    expect(await page.textContent('#status')).toBe('已连接，消息会显示在这里。');
    expect(await page.getAttribute('nav a', 'href')).toBe('/docs/contract.zh-CN.md');
    // Words of the other language would show as letters: of those only names and units are left.
    const text = await page.evaluate<string>('document.body.innerText');
    expect(text.replace(/ONE-PUSH|ONEPUSH_\w+|API|ID|testapp1|Web|[\w-]*-\w+/g, '')).not.toMatch(/[a-z]{3}/i);
  });

  it('links to documents that are there', async () => {
    await open();
    const links = await page.locator('nav a').evaluateAll((all) => all.map((a) => String(Object(a).href)));
    expect(links.length).toBe(3);
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
    expect((await fetch(`${stack.httpUrl}/docs/page.png`)).status).toBe(404);
    expect((await fetch(`${stack.httpUrl}/docs/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  describe.each([
    ['a phone', PHONE],
    ['a screen', DESK],
  ])('on %s', (_, viewport) => {
    it.each(['en-US', 'zh-CN'])('has sending and messages in view, and nothing sticks out: %s', async (locale) => {
      await open({ viewport, locale });
      await connect();
      await page.click('#send');
      await messageOf(await accepted()).waitFor();
      const bottoms = await page.evaluate<number[]>(
        "['#send', '#messages li'].map((selector) => document.querySelector(selector).getBoundingClientRect().bottom)",
      );
      for (const bottom of bottoms) expect(bottom).toBeLessThanOrEqual(viewport.height);

      for (const fold of ['device-more', 'send-more', 'command']) await unfold(fold);
      await page.fill('#alert', 'w'.repeat(300));
      await page.fill('#extra', `{"long":"${'x'.repeat(300)}"}`);
      await send();
      await page.locator('#messages > li').nth(1).waitFor();
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
      expect(await complaints()).toEqual([]);
    });
  });

  it('has no obstacles before it is connected, in the dark too', async () => {
    await open({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await complaints()).toEqual([]);
    await connect();
    await page.click('#send');
    await messageOf(await accepted()).waitFor();
    expect(await complaints()).toEqual([]);
  });

  it('is used with the keyboard alone', async () => {
    await open();
    await page.fill('#alias', uniqueName());
    await page.focus('#alias');
    await page.keyboard.press('Enter');
    await status('open').waitFor();
    await page.focus('#appKey');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const message = messageOf(await accepted());
    await message.waitFor();
    await message.locator('.confirm').focus();
    await page.keyboard.press('Enter');
    await message.locator('.confirm:disabled').waitFor();
  });

  /** The findings of axe, which knows WCAG. */
  async function complaints(): Promise<string[]> {
    // By the debugger, which the page's policy does not concern.
    await page.evaluate(await readFile(AXE, 'utf8'));
    // A colour that fades in is not yet what it will be.
    await page.evaluate('Promise.all(document.getAnimations().map((animation) => animation.finished))');
    return page.evaluate<string[]>(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
  }
});
