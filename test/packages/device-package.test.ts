import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'onepush-device-'));
/** The package as npm installs it: packed, and unpacked into an app. */
const installed = join(folder, 'node_modules/@one-push/device');
beforeAll(async () => {
  requireDist();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', '--install-links', ...quiet, join(ROOT, 'device')], { cwd: folder });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Types of no runtime: an app for React Native, say. */
const PORTABLE = `
import { createDevice, type Device, type DeviceStorage, memoryStorage, type Message } from '@one-push/device';
import { fileStorage } from '@one-push/device/node';

declare const asyncStorage: {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
};
const storage: DeviceStorage = asyncStorage;
export const device: Device = createDevice({
  url: 'https://push.example.com', appId: 'a', alias: 'b', platform: 'IOS', nativeToken: 'c', storage,
  token: async () => 'd', push: { channel: 'APNS', token: 'e' },
});
device.on('message', async (message: Message) => message.confirm());
device.on('closed', ({ reason, code }) => [reason === 'replaced', code]);
device.on('state', (state) => (state.name === 'waiting' ? state.ms : 0));
export const others: DeviceStorage[] = [memoryStorage(), fileStorage('x')];
// @ts-expect-error an event that there is not
device.on('mesage', () => {});
// @ts-expect-error no alias
createDevice({ url: 'https://push.example.com', appId: 'a', platform: 'IOS' });
`;
/** With the types of browsers. */
const DOM = `
import { createDevice, indexedDbStorage } from '@one-push/device';
import { handlePushes } from '@one-push/device/service-worker';
import { findWebPushObstacle, subscribeWebPush, tidyNotifications } from '@one-push/device/web-push';

const registration = await navigator.serviceWorker.ready;
const push = await subscribeWebPush(registration, 'key');
if (findWebPushObstacle() === 'denied') tidyNotifications(registration, 'onepush.a.')();
export const worker = () => handlePushes({ openable: ['https://shop.example.com'], confirm: 'clicked' });
export const other = createDevice({
  url: 'https://push.example.com', appId: 'a', alias: 'b', platform: 'WEB', storage: indexedDbStorage(), ...(push && { push }),
});
export const device = createDevice({
  url: 'https://push.example.com', appId: 'a', alias: 'b', platform: 'WEB',
  WebSocket, fetch, storage: localStorage, signal: new AbortController().signal,
});
`;

/** What the compiler says of a program. */
async function check(program: string, options: object): Promise<string> {
  const name = `${Math.random().toString(36).slice(2)}`;
  writeFileSync(join(folder, `${name}.ts`), program);
  const strict = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true };
  const compilerOptions = { target: 'ES2022', skipLibCheck: false, types: [], ...strict, ...options };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  return run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', `${name}.json`], { cwd: folder }).then(
    ({ stdout }) => stdout,
    // What execFile rejects with when a program fails.
    (error: { stdout: string }) => error.stdout,
  );
}

/** Most bytes of what apps import, with all that it needs, minified and gzipped. */
const MOST_BYTES = [
  ['@one-push/device', 7.5 * 1024],
  ['@one-push/device/core', 6 * 1024],
] as const;
const PARTS: [string, string, number][] = [
  ['the service worker', "import { handlePushes } from '@one-push/device/service-worker'; handlePushes();", 2560],
  ['Web Push in a page', "import * as all from '@one-push/device/web-push'; globalThis.all = all;", 1024],
];

describe('the device package', () => {
  it('has what it needs and nothing else, and depends on nothing', () => {
    const entries = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries.map(({ parentPath, name }) => relative(installed, join(parentPath, name)));
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'dist/LICENSE', 'dist/index.d.ts']));
    const strange = /^(?:package\.json|README\.md|dist\/LICENSE|dist\/[\w-]+\.(?:js|d\.ts))$/;
    expect(files.filter((path) => !strange.test(path))).toEqual([]);
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  });

  it.each(MOST_BYTES)(
    'imported as %s, is at most %i bytes in an app, and imports nothing of a runtime',
    async (name, most) => {
      const contents = `import { createDevice } from '${name}'; globalThis.createDevice = createDevice;`;
      const { outputFiles, metafile } = await build({
        stdin: { contents, resolveDir: folder },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        write: false,
        metafile: true,
      });
      expect(gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(most);
      expect(
        Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external)),
      ).toEqual([]);
    },
  );

  it.each(PARTS)('is small: %s', async (_, contents, most) => {
    const stdin = { contents, resolveDir: folder };
    const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: 'esm', write: false });
    expect(gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(most);
  });

  it('is no part of an app that imports it and uses nothing', async () => {
    const stdin = { contents: "import '@one-push/device';", resolveDir: folder };
    const { outputFiles } = await build({
      stdin,
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    expect(outputFiles[0]?.text.trim()).toBe('');
  });

  it('has types for programs without the types of browsers and Node.js, and with them', async () => {
    const said = await Promise.all([
      check(PORTABLE, { module: 'node16', moduleResolution: 'node16', lib: ['ES2022'] }),
      check(DOM, { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2022', 'DOM'] }),
    ]);
    expect(said).toEqual(['', '']);
  });

  it('leaves no memory behind: a thousand devices that were created, connected and closed', async () => {
    const program = `
      import { createDevice, messagesOf } from '@one-push/device';
      class WebSocket {
        readyState = 1;
        constructor() { setTimeout(() => { this.onopen?.(); this.onmessage?.({ data: '{"id":"1","needConfirm":true}' }); }); }
        send() {}
        close() {}
      }
      const fetch = async () => ({ status: 200, headers: { get: () => null }, text: async () => '{"id":"x"}' });
      const controller = new AbortController();
      async function live() {
        const options = { url: 'http://x', appId: 'a', alias: 'b', platform: 'PC', WebSocket, fetch, signal: controller.signal };
        const device = createDevice(options);
        const came = new Promise((resolve) => device.on('message', resolve));
        const loop = messagesOf(device);
        const next = loop.next();
        device.connect();
        await came;
        await device.close();
        await next;
      }
      async function use(devices) {
        for (let n = 0; n < devices; n += 100) await Promise.all(Array.from({ length: 100 }, live));
        gc();
        return process.memoryUsage().heapUsed;
      }
      await use(200);
      const before = await use(200);
      console.log(JSON.stringify({ growth: (await use(1000)) - before, handles: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length }));
    `;
    writeFileSync(join(folder, 'leak.mjs'), program);
    const { stdout } = await run(process.execPath, ['--expose-gc', 'leak.mjs'], { cwd: folder, timeout: 15_000 });
    const { growth, handles } = JSON.parse(stdout);
    expect(handles).toBe(0);
    // A device that is kept takes some 10 KB: a thousand would be 10 MB.
    expect(growth).toBeLessThan(1_000_000);
  });
});
