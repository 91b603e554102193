import { randomBytes } from 'node:crypto';
import type { Browser, CDPSession, Page, Worker } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { basic, bearer, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';
import { type RunningPushService, startPushService } from '../support/vendors/webpush.js';

const WAIT_MS = 15_000;

/** A notification as the browser shows it. */
interface Shown {
  title: string;
  body: string;
  tag: string;
}

describe.skipIf(skipWithoutChromium('page-push.test.ts'))('Web Push of the page', { timeout: 60_000 }, () => {
  let service: RunningPushService;
  let vapidKey: string;
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let devTools: CDPSession;
  let registrationId: string | undefined;
  let faults: string[];

  beforeAll(async () => {
    service = await startPushService();
    vapidKey = String(service.settings.publicKey);
    stack = await startStack({
      coreEnv: { ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'), ONEPUSH_WAKE_GRACE: '0' },
      edgeEnv: { ONEPUSH_VAPID_PUBLIC_KEY: vapidKey },
    });
    const settingsJson = JSON.stringify(service.settings);
    const { appId } = TEST_APP;
    await pushCoreClient(stack, 'connect').setChannel(
      { appId, name: 'web', channel: Channel.WEB_PUSH, settingsJson },
      bearer(ADMIN_TOKEN),
    );
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await service?.server.stop();
  });

  /** Opens the page in a profile of its own. The browser's push service is played: `subscribe` needs the internet. */
  async function open(permissions = ['notifications'], script = ''): Promise<void> {
    faults = [];
    registrationId = undefined;
    const context = await browser.newContext({ permissions, locale: 'en-US' });
    page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    const { token: endpoint, keys } = service.subscribe(vapidKey);
    const subscription = { endpoint, expirationTime: null, keys };
    await page.addInitScript(`
      Notification.requestPermission = async () => { window.asked = true; return Notification.permission; };
      PushManager.prototype.subscribe = async (options) => {
        window.subscribedWith = options;
        return { toJSON: () => (${JSON.stringify(subscription)}) };
      };
      ${script}
    `);
    devTools = await context.newCDPSession(page);
    devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId = registrations.at(-1)?.registrationId ?? registrationId;
    });
    await devTools.send('ServiceWorker.enable');
    await page.goto(stack.httpUrl);
  }

  async function close(): Promise<void> {
    await page?.context().close();
    expect(faults, 'console errors, exceptions and CSP violations').toEqual([]);
  }

  const status = (state: string) => page.locator(`#status[data-state=${state}]`);

  /** Connects a user whom no other test has, and turns notifications on. Resolves to the alias. */
  async function subscribe(): Promise<string> {
    const alias = uniqueName();
    await page.fill('#alias', alias);
    await connect();
    await page.click('#notify');
    await page.locator('#notify-note[data-state=on]').waitFor();
    await status('open').waitFor();
    await eventually(async () => (await devicesOf(alias)).includes('WEB_PUSH'), { timeoutMs: WAIT_MS });
    return alias;
  }

  async function connect(): Promise<void> {
    if (await page.locator('#connect').isVisible()) await page.click('#connect');
    await status('open').waitFor();
  }

  async function disconnect(): Promise<void> {
    if (await page.locator('#disconnect').isVisible()) await page.click('#disconnect');
    await status('closed').waitFor();
  }

  async function report(path: string): Promise<string> {
    const { headers } = basic(TEST_APP.appId, TEST_APP.appKey);
    return (await fetch(`${stack.httpUrl}/msgpush/${path}`, { headers: new Headers(headers) })).text();
  }
  /** The devices of a user, in JSON. */
  const devicesOf = (user: string) => report(`devices?alias=${user}`);
  /** The numbers of deliveries of a push, by their states. */
  const countsOf = async (id: string): Promise<Record<string, number>> =>
    JSON.parse(await report(`push/${id}`)).deliveries;

  /** Has the browser deliver a push message until one is shown: now and then it drops one that comes from DevTools. */
  async function deliverByBrowser(data: string): Promise<void> {
    const id = await eventually(() => registrationId, { timeoutMs: WAIT_MS, message: 'a service worker' });
    const message = { origin: stack.httpUrl, registrationId: id, data };
    const isShown = async () => (await shown()).length === 1;
    for (let attempt = 1; !(await isShown()); attempt++) {
      await devTools.send('ServiceWorker.deliverPushMessage', message);
      await eventually(isShown, { timeoutMs: 3_000 }).catch((error) => {
        if (attempt === 8) throw error;
      });
    }
  }

  /** Hands the service worker a push message, in an event like the browser's. Resolves when it is done with it. */
  async function deliver(message: object | string): Promise<void> {
    const data = typeof message === 'string' ? message : JSON.stringify(message);
    await (await worker()).evaluate(`(async () => {
      const event = new PushEvent('push', { data: ${JSON.stringify(data)} });
      const done = [];
      // Of an event that no browser made, the real one only throws.
      event.waitUntil = (promise) => { done.push(promise); };
      dispatchEvent(event);
      await Promise.all(done);
    })()`);
  }

  const evaluate = <T>(script: string): Promise<T> =>
    page.evaluate<T>(`navigator.serviceWorker.ready.then(async (registration) => (${script}))`);
  const shown = () =>
    evaluate<Shown[]>('(await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }))');
  const waitForShown = (count: number) =>
    eventually(async () => (await shown()).length === count, { timeoutMs: WAIT_MS, message: `${count} notifications` });
  const shownTitles = async () => (await shown()).map(({ title }) => title).sort();

  /** The service worker, whose global functions a test may replace. */
  const worker = async (): Promise<Worker> =>
    eventually(() => page.context().serviceWorkers().at(-1), { timeoutMs: WAIT_MS, message: 'a service worker' });

  /** Clicks the one notification that is shown. Resolves to the addresses that the worker opens. */
  async function click(): Promise<string[]> {
    return (await worker()).evaluate<string[]>(`(async () => {
      const opened = [];
      clients.openWindow = async (url) => void opened.push(url);
      const [notification] = await registration.getNotifications();
      const event = new NotificationEvent('notificationclick', { notification });
      const done = [];
      // Of an event that no browser made, the real one only throws.
      event.waitUntil = (promise) => { done.push(promise); };
      dispatchEvent(event);
      await Promise.allSettled(done);
      return opened;
    })()`);
  }

  describe('the page', () => {
    afterEach(close);

    it('subscribes on a click with the key of the server, registers with that, and goes on at the next visit', async () => {
      await open();
      const before = page.waitForRequest('**/msgpush/register');
      await page.fill('#alias', uniqueName());
      await connect();
      expect((await before).postDataJSON()).not.toHaveProperty('push');
      const [request] = await Promise.all([page.waitForRequest('**/msgpush/register'), page.click('#notify')]);
      expect(await page.evaluate('window.subscribedWith')).toEqual({
        userVisibleOnly: true,
        applicationServerKey: vapidKey,
      });
      expect(request.postDataJSON()).toMatchObject({
        push: { channel: 'WEB_PUSH', subscription: { endpoint: expect.stringMatching(/^https:/) } },
      });
      await status('open').waitFor();

      let registrations = 0;
      page.on('request', (later) => {
        if (later.url().endsWith('/msgpush/register')) registrations += 1;
      });
      await page.reload();
      await status('open').waitFor();
      expect(await page.getAttribute('#notify-note', 'data-state')).toBe('on');
      expect(await page.evaluate('window.asked'), 'asked without a click').toBeUndefined();
      expect(registrations).toBe(0);
    });

    it('sends one in ten seconds, so that one can close it', async () => {
      await open();
      await subscribe();
      const [request] = await Promise.all([page.waitForRequest('**/msgpush/send'), page.click('#try-soon')]);
      const { sendAt } = request.postDataJSON();
      expect(Date.parse(sendAt) - Date.now()).toBeGreaterThan(0);
      await page.locator('#send-result', { hasText: 'Close this tab now' }).waitFor();
    });

    it.each([
      ['blocked', [], ''],
      ['https', ['notifications'], "Object.defineProperty(window, 'isSecureContext', { value: false });"],
      ['does not have them', ['notifications'], 'delete window.PushManager;'],
    ])('says why there are no notifications: %s', async (word, permissions, script) => {
      await open(permissions, script);
      await connect();
      expect(await page.textContent('#notify-note')).toContain(word);
      expect(await page.locator('#notify').count()).toBe(0);
    });
  });

  describe('its service worker', () => {
    let alias: string;
    beforeAll(async () => {
      await open();
      alias = await subscribe();
    });
    afterEach(async () => {
      if (!page.url().endsWith('/')) await page.goto(stack.httpUrl);
      await evaluate('(await registration.getNotifications()).forEach((notification) => notification.close())');
    });
    afterAll(close);

    it('shows a message once, however often it is delivered', async () => {
      const message = { id: 'p1', appId: 'a', tag: 'k1', title: 'Order 815', body: 'is on its way', badge: 3 };
      await deliver(message);
      await waitForShown(1);
      expect(await shown()).toEqual([{ title: 'Order 815', body: 'is on its way', tag: 'k1' }]);
      await evaluate('(await registration.getNotifications())[0].close()');
      await deliver(message);
      expect(await shownTitles()).toEqual([]);
    });

    it('shows something for what says nothing, and for what browsers refuse', async () => {
      await deliver('no JSON');
      await deliver({ id: 'p2', tag: 'k2', appId: 'a' });
      await deliver({ id: 'p3', tag: 'k3', title: 'Odd', body: null, actions: 5, renotify: 'yes' });
      await waitForShown(3);
      expect(await shownTitles()).toEqual(['New message', 'New message', 'Odd']);
    });

    it.each([
      ['an address of the web', 'https://shop.example.com/orders/42', ['https://shop.example.com/orders/42']],
      ['an address of the app', '/orders/42', [expect.stringMatching(/^http:.*\/orders\/42$/)]],
      ['a script', 'javascript:alert(1)', []],
      ['a script that is spelled oddly', ' jAvA\tScript:alert(1)', []],
      ['data', 'data:text/html,<script>alert(1)</script>', []],
      ['an address of an app', 'shop://orders/42', []],
      ['nothing', undefined, []],
    ])('opens a click target only if it is of the web: %s', async (name, url, opened) => {
      await deliver({ id: uniqueName(), tag: 'click', title: name, url });
      await waitForShown(1);
      expect(await click()).toEqual(opened);
      expect(await shown()).toEqual([]);
    });

    it('closes a notification when a tab gets its message', async () => {
      await disconnect();
      const id = await sendPush(stack.httpUrl, { audienceType: 'ALIAS', audiences: [alias], push: { wake: 'NEVER' } });
      await deliver({ id, appId: TEST_APP.appId, tag: id, title: 'while the tab had no socket' });
      await waitForShown(1);
      await connect();
      await waitForShown(0);
    });

    it('closes a notification when its message is read on another device', async () => {
      await disconnect();
      const other = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
      await other.opened;
      const id = await sendPush(stack.httpUrl, {
        audienceType: 'ALIAS',
        audiences: [alias],
        clearOnRead: true,
        push: { wake: 'NEVER' },
      });
      await connect();
      const message = page.locator(`#messages > li[data-id="${id}"]`);
      await message.waitFor();
      // As of another browser profile: this one knows nothing of it.
      await (await worker()).evaluate(`registration.showNotification('elsewhere', { data: { id: '${id}' } })`);
      await waitForShown(1);
      await other.waitForMessage((one) => one.id === id);
      other.send(`CFM:${id}`);
      await message.locator('.badge', { hasText: 'Read on another device' }).waitFor();
      await waitForShown(0);
      await other.close();
    });

    it('does not show a message that a tab had from its socket', async () => {
      await connect();
      const id = await sendPush(stack.httpUrl, { audienceType: 'ALIAS', audiences: [alias] });
      await page.locator(`#messages > li[data-id="${id}"]`).waitFor();
      await deliver({ id, appId: TEST_APP.appId, tag: id, title: 'a second time' });
      expect(await shownTitles()).toEqual([]);

      // Nor once there is no tab to ask: the ids are in the storage.
      await page.goto(`${stack.httpUrl}/openapi.json`);
      await deliver({ id, appId: TEST_APP.appId, tag: id, title: 'a third time' });
      expect(await shownTitles()).toEqual([]);
    });

    it('confirms what it has shown, and later what it could not; not what a tab has', async () => {
      await connect();
      const id = await sendPush(stack.httpUrl, { audienceType: 'ALIAS', audiences: [alias], needConfirm: true });
      await page.locator(`#messages > li[data-id="${id}"]`).waitFor();
      await (await worker()).evaluate(`{
        globalThis.calls = [];
        globalThis.realFetch ??= fetch;
        globalThis.fetch = async (url, { headers, body }) => {
          calls.push([new URL(url).pathname, headers.Authorization, JSON.parse(body).ids]);
          if (calls.length === 1) throw new TypeError('no network');
          return new Response('{}');
        };
      }`);
      const push = { appId: TEST_APP.appId, needConfirm: true };
      await deliver({ ...push, id, tag: id, title: 'a tab has it' });
      await deliver({ ...push, id: '901', tag: '901', title: 'first' });
      await deliver({ ...push, id: '902', tag: '902', title: 'second' });
      await waitForShown(2);
      const calls = () => worker().then((own) => own.evaluate<unknown[][]>('calls'));
      await eventually(async () => (await calls()).length === 2, { timeoutMs: WAIT_MS });
      await page.click('#device-more > summary');
      await page.click('#show-id');
      const authorization = `Bearer ${await page.textContent('#device-id')}`;
      expect(await calls()).toEqual([
        ['/msgpush/confirm', authorization, ['901']],
        ['/msgpush/confirm', authorization, ['901', '902']],
      ]);
      await (await worker()).evaluate('globalThis.fetch = realFetch');
    });

    it('shows what the push service hands over for a device that is offline, and confirms it', async () => {
      await disconnect();
      // A browser that closes still answers pings: what comes meanwhile would count as received.
      await eventually(async () => !(await devicesOf(alias)).includes('onlineSince'), { timeoutMs: WAIT_MS });
      const id = await sendPush(stack.httpUrl, {
        audienceType: 'ALIAS',
        audiences: [alias],
        alert: 'It is there',
        needConfirm: true,
        push: { title: 'Your order', clickTarget: 'https://shop.example.com/' },
      });
      // Not that of the message before, which the socket may have acknowledged too late.
      const texts = () => service.pushed.map(({ text }) => text).filter((text) => JSON.parse(text).id === id);
      const text = await eventually(() => texts()[0], { timeoutMs: WAIT_MS, message: 'a wake' });
      await deliverByBrowser(text);
      expect(await shown()).toEqual([{ title: 'Your order', body: 'It is there', tag: expect.any(String) }]);
      await eventually(async () => (await countsOf(id)).confirmed === 1, { timeoutMs: WAIT_MS, message: 'CONFIRMED' });
      expect(await click()).toEqual(['https://shop.example.com/']);
      expect(texts()).toEqual([text]);
      await connect();
      const later = await sendPush(stack.httpUrl, { audienceType: 'ALIAS', audiences: [alias] });
      await page.locator(`#messages > li[data-id="${later}"]`).waitFor();
      expect(await page.locator(`#messages > li[data-id="${id}"]`).count(), 'shown in the page, too').toBe(0);
    });
  });
});
