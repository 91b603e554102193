import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../../device/index.js';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { freePort } from '../support/ports.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { sendPush, uniqueName } from '../support/users.js';

/** What the page of this test has of its own. */
interface PageOfTest {
  device: Device;
  shown: string[];
  localStorage: Record<string, string>;
  document: EventTarget;
}

const HTML = `<!doctype html><title>A device</title><script type="module">
  import { createDevice, indexedDbStorage } from '/device/index.js';
  const { options } = Object.fromEntries(new URLSearchParams(location.search));
  const { isShared, ...given } = JSON.parse(options);
  // Not given: the default.
  const storage = isShared ? indexedDbStorage() : undefined;
  window.shown = [];
  window.device = createDevice({ platform: 'WEB', backoff: { firstMs: 10, mostMs: 100 }, storage, ...given });
  device.on('message', async ({ id }) => { shown.push(id); });
  device.connect();
</script>`;

const WORKER = `
  import { handlePushes } from '/device/service-worker.js';
  handlePushes({ openable: ['https://shop.example.com'] });
`;

describe.skipIf(skipWithoutChromium('device-package.test.ts'))('the device package in two tabs', () => {
  let stack: Stack;
  let browser: Browser;
  let pages: Server;
  let origin: string;
  let context: BrowserContext;
  /** The WebSockets that the tabs of this context have opened. */
  let sockets: string[];

  beforeAll(async () => {
    pages = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://x');
      const isModule = pathname.startsWith('/device/');
      response.setHeader('content-type', isModule || pathname === '/sw.js' ? 'text/javascript' : 'text/html');
      if (pathname === '/sw.js') {
        response.end(WORKER);
        return;
      }
      response.end(isModule ? await readFile(join(ROOT, 'device/dist', basename(pathname))) : HTML);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    // A TCP server's address is not the name of a pipe.
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    stack = await startStack({ edgeEnv: { ONEPUSH_HTTP_ORIGINS: origin } });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    pages?.close();
  });
  beforeEach(async () => {
    sockets = [];
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  async function openTab(alias: string, more: object = {}): Promise<Page> {
    const page = await context.newPage();
    page.on('websocket', (socket) => sockets.push(socket.url()));
    const options = JSON.stringify({ url: stack.httpUrl, appId: TEST_APP.appId, alias, ...more });
    await page.goto(`${origin}/?${new URLSearchParams({ options })}`);
    return page;
  }
  // The page's own names.
  const stateOf = (page: Page) => page.evaluate(() => (globalThis as unknown as PageOfTest).device.state);
  const shownIn = (page: Page) => page.evaluate(() => (globalThis as unknown as PageOfTest).shown);
  const isIn = (page: Page, state: object) =>
    eventually(async () => JSON.stringify(await stateOf(page)) === JSON.stringify(state), {
      message: JSON.stringify(state),
    });
  const hasShown = (page: Page, ids: string[]) =>
    eventually(async () => JSON.stringify(await shownIn(page)) === JSON.stringify(ids), { message: ids.join() });
  const tell = (page: Page, event: string) =>
    page.evaluate((type) => (globalThis as unknown as PageOfTest).document.dispatchEvent(new Event(type)), event);
  const send = (alias: string, needConfirm = false) => sendPush(stack.httpUrl, { audiences: [alias], needConfirm });

  it('has one connection, and shows every message once in each tab', async () => {
    const alias = uniqueName();
    const first = await openTab(alias);
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    const ids = [await send(alias), await send(alias, true), await send(alias)];
    await Promise.all([hasShown(first, ids), hasShown(second, ids)]);
    expect(sockets.length).toBe(1);
  });

  it.each(['closed', 'killed'])('has the next tab take over at once when the first is %s', async (how) => {
    const alias = uniqueName();
    const first = await openTab(alias);
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    const one = await send(alias, true);
    await hasShown(second, [one]);
    if (how === 'closed') await first.close();
    else {
      const crashed = new Promise((resolve) => first.once('crash', resolve));
      // Never answered, for the process is gone.
      first.goto('chrome://crash').catch(() => {});
      await crashed;
    }
    const from = performance.now();
    await isIn(second, { name: 'open' });
    expect(performance.now() - from).toBeLessThan(2_000);
    const two = await send(alias);
    await hasShown(second, [one, two]);
    const third = await openTab(alias);
    await isIn(third, { name: 'following', isOpen: true });
    expect(await shownIn(third)).toEqual([]);
  });

  it('has the next tab take over when the first is about to be frozen, and that follows when it thaws', async () => {
    const alias = uniqueName();
    const first = await openTab(alias);
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    // What a page is told before; Chromium itself freezes no page that is in view, as all are here.
    await tell(first, 'freeze');
    await isIn(second, { name: 'open' });
    const id = await send(alias);
    await hasShown(second, [id]);
    await tell(first, 'resume');
    await isIn(first, { name: 'following', isOpen: true });
    await hasShown(first, [id]);
  });

  it.each([
    ['Server-Sent Events', 'events'],
    ['long poll', 'poll'],
  ])('receives where WebSockets are blocked, by %s, once in each tab', async (_, transport) => {
    await context.addInitScript(
      ({ deadUrl, hasStreams }) => {
        // In the page: every WebSocket goes where nobody listens.
        const Blocked = class extends WebSocket {
          constructor() {
            super(deadUrl);
          }
        };
        Object.assign(globalThis, { WebSocket: Blocked, ...(!hasStreams && { ReadableStream: undefined }) });
      },
      { deadUrl: `ws://127.0.0.1:${await freePort()}`, hasStreams: transport === 'events' },
    );
    const alias = uniqueName();
    const first = await openTab(alias);
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    const ids = [await send(alias), await send(alias, true), await send(alias)];
    await Promise.all([hasShown(first, ids), hasShown(second, ids)]);
    expect((await scrape(stack.edge)).get(`onepush_transport_sessions{transport="${transport}"}`)).toBe(1);
    // Confirmed, and not shown again, also by who takes over.
    await first.close();
    await isIn(second, { name: 'open' });
    const last = await send(alias);
    await hasShown(second, [...ids, last]);
  });

  it('shows nothing twice after a reload, and what came meanwhile once', async () => {
    const alias = uniqueName();
    const tab = await openTab(alias);
    await isIn(tab, { name: 'open' });
    const before = [await send(alias), await send(alias, true)];
    await hasShown(tab, before);
    await tab.goto('about:blank');
    const after = [await send(alias), await send(alias, true)];
    await tab.goBack();
    await hasShown(tab, after);
  });

  it('has a tab of another user close those of the user before', async () => {
    const [alice, bob] = [uniqueName(), uniqueName()];
    const first = await openTab(alice);
    await isIn(first, { name: 'open' });
    const second = await openTab(bob);
    await isIn(second, { name: 'open' });
    await isIn(first, { name: 'closed', reason: 'replaced' });
    const id = await send(bob);
    await hasShown(second, [id]);
    expect(await shownIn(first)).toEqual([]);
  });

  it('confirms from a tab that does not have the connection', async () => {
    const alias = uniqueName();
    const first = await openTab(alias, { confirm: 'manual' });
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    const id = await send(alias, true);
    await hasShown(second, [id]);
    const stored = () =>
      first.evaluate(
        () =>
          Object.entries((globalThis as unknown as PageOfTest).localStorage).find(([key]) => key.endsWith('seen'))?.[1],
      );
    await eventually(async () => (await stored()) === id, { message: 'the id in the storage' });
  });

  it('lets the connection go while there is no network, and has it back at once', async () => {
    const alias = uniqueName();
    const tab = await openTab(alias);
    await isIn(tab, { name: 'open' });
    await context.setOffline(true);
    await isIn(tab, { name: 'paused', cause: 'offline' });
    const id = await send(alias);
    await context.setOffline(false);
    await hasShown(tab, [id]);
  });

  it('has a service worker that shows what no tab has had, and confirms it, so that no tab shows it', async () => {
    await context.grantPermissions(['notifications'], { origin });
    const alias = uniqueName();
    const tab = await openTab(alias, { isShared: true });
    await isIn(tab, { name: 'open' });
    await tab.evaluate("navigator.serviceWorker.register('/sw.js', { type: 'module' })");
    const had = await send(alias);
    await hasShown(tab, [had]);
    await tab.goto('about:blank');
    const worker = await eventually(() => context.serviceWorkers()[0], { message: 'a service worker' });
    const deliver = (message: object) =>
      worker.evaluate<string[]>(`(async () => {
        const event = new PushEvent('push', { data: ${JSON.stringify(JSON.stringify(message))} });
        const done = [];
        // Of an event that no browser made, the real one only throws.
        event.waitUntil = (promise) => { done.push(promise); };
        dispatchEvent(event);
        await Promise.all(done);
        return (await registration.getNotifications()).map(({ title }) => title);
      })()`);
    const { appId } = TEST_APP;
    expect(await deliver({ id: had, appId, title: 'the tab had it' })).toEqual([]);
    const [first, second] = [await send(alias, true), await send(alias, true)];
    expect(await deliver({ id: first, appId, title: 'first', needConfirm: true })).toEqual(['first']);
    expect(await deliver({ id: first, appId, title: 'again', needConfirm: true })).toEqual(['first']);
    await tab.goBack();
    await hasShown(tab, [second]);
  });

  it('closes all tabs when one unregisters', async () => {
    const alias = uniqueName();
    const first = await openTab(alias);
    await isIn(first, { name: 'open' });
    const second = await openTab(alias);
    await isIn(second, { name: 'following', isOpen: true });
    await second.evaluate(() => (globalThis as unknown as PageOfTest).device.unregister());
    await eventually(async () => (await stateOf(first)).name === 'closed', { message: 'the end of the first tab' });
    await isIn(second, { name: 'closed', reason: 'unregistered' });
  });
});
