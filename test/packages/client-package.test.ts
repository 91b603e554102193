import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { ROOT, requireDist } from '../support/dist.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'onepush-package-'));
let stack: Stack;
/** What `npm pack` makes of client/. */
let tarball = '';
let files: string[] = [];
beforeAll(async () => {
  requireDist();
  const args = ['pack', join(ROOT, 'client'), '--ignore-scripts', '--json', '--pack-destination', folder];
  const [packed, started] = await Promise.all([run('npm', args, { cwd: folder }), startStack()]);
  stack = started;
  const [{ filename, files: packedFiles }] = JSON.parse(packed.stdout);
  tarball = join(folder, filename);
  files = packedFiles.map(({ path }: { path: string }) => path);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack?.stop();
});

/**
 * An empty project into which npm installs this. The lock file makes it take the versions of this repository, which npm
 * has in its cache.
 */
async function install(name: string, spec: string): Promise<string> {
  const project = join(folder, name);
  mkdirSync(project);
  const about = { name, version: '1.0.0', private: true, type: 'module', dependencies: { '@one-push/client': spec } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(about));
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const known = Object.entries<Record<string, unknown>>(packages).filter(
    ([path, { dev }]) => path.startsWith('node_modules/') && !dev && !path.startsWith('node_modules/@one-push/'),
  );
  const lock = { name, version: '1.0.0', lockfileVersion: 3, packages: { '': about, ...Object.fromEntries(known) } };
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock));
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quiet], { cwd: project, timeout: 50_000 });
  return project;
}

const PROGRAM = `
import { createOnePushClient, to } from '@one-push/client';
const [address, appId, appKey, alias] = process.argv.slice(2);
const client = createOnePushClient({ address, appId, appKey });
console.log(await client.send({ audience: to.aliases(alias), alert: 'installed', extra: { from: 'afar' } }));
await client.close();
`;
/** Sends a push as a program of this project. */
async function send(project: string): Promise<void> {
  const alias = uniqueName();
  const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
  await device.opened;
  writeFileSync(join(project, 'send.mjs'), PROGRAM);
  const args = ['send.mjs', stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, alias];
  const { stdout } = await run(process.execPath, args, { cwd: project, timeout: 15_000 });
  expect((await device.waitForCount(1)).map(({ id, extra }) => ({ id, extra }))).toEqual([
    { id: stdout.trim(), extra: { from: 'afar' } },
  ]);
  await device.close();
}

const TYPED = `
import { CallError, createOnePushClient, DeliveryState, type OnePushClient, Platform, type Push, to } from '@one-push/client';

const client: OnePushClient = createOnePushClient({ baseUrl: 'http://localhost:9091', appId: 'a', appKey: 'b' });
const push: Push = { audience: to.platforms('IOS', Platform.WEB), alert: 'x', sendAt: new Date(), priority: 'HIGH', wake: 'NEVER', interruption: 'PASSIVE', extra: { a: 1 } };
export const sent: Promise<string> = client.send(push, { timeoutMs: 5, signal: new AbortController().signal });
export const known: Promise<number[]> = client
  .listDeliveries({ requestId: '1', state: 'PENDING' })
  .then(({ deliveries }) => deliveries.map(({ state }): DeliveryState => state));
export async function* users(): AsyncGenerator<string> {
  for await (const { alias } of client.watchReceipts({ fromNow: true })) yield alias;
}
export const doubt = (error: unknown): boolean => error instanceof CallError && error.inDoubt;
// @ts-expect-error a word that nobody knows
client.send({ audience: to.everyone(), alert: 'x', platform: 'iPhone' });
// @ts-expect-error a field that does not exist
client.send({ audience: to.everyone(), alert: 'x', platfrom: 'IOS' });
// @ts-expect-error no address
createOnePushClient({ appId: 'a', appKey: 'b' });
`;
/** What the compiler says of a program of this project. */
async function check(project: string, options: Record<string, string>): Promise<string> {
  writeFileSync(join(project, 'typed.ts'), TYPED);
  const strict = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true };
  const compilerOptions = { target: 'ES2022', types: ['node'], skipLibCheck: false, ...strict, ...options };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
  return run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { cwd: project }).then(
    ({ stdout }) => stdout,
    // What execFile rejects with when a program fails.
    (error: { stdout: string }) => error.stdout,
  );
}

describe('the client package', () => {
  it('has what it needs and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'dist/LICENSE', 'dist/client/index.d.ts']),
    );
    const strange =
      /^(?:package\.json|README\.md|dist\/LICENSE|dist\/(?:client|gen\/(?:onepush\/v1|google|buf))\/.*\.(?:js|d\.ts)|dist\/common\/text\.(?:js|d\.ts))$/;
    expect(files.filter((path) => !strange.test(path))).toEqual([]);
  });

  it('depends on what it imports, as the service does', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'client/package.json'), 'utf8'));
    const whole = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies;
    const imported = files
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) => [
        ...readFileSync(join(ROOT, 'client', path), 'utf8').matchAll(/(?:from|import) ["']([^."'][^"']*)["']/g),
      ])
      .map(([, name = '']) => name.split('/').slice(0, 2).join('/'))
      .filter((name) => !name.startsWith('node:') && name !== '@one-push/client');
    expect([...new Set(imported)].toSorted()).toEqual(Object.keys(dependencies).toSorted());
    for (const [name, range] of Object.entries(dependencies)) expect(range).toBe(`^${whole[name]}`);
  });

  it('installs from a tarball: a program sends, and another one is type-checked', { timeout: 60_000 }, async () => {
    const project = await install('from-tarball', `file:${tarball}`);
    await send(project);
    expect(await check(project, { module: 'node16', moduleResolution: 'node16' })).toBe('');
    expect(await check(project, { module: 'esnext', moduleResolution: 'bundler' })).toBe('');
  });

  it('installs from a folder', { timeout: 60_000 }, async () => {
    await send(await install('from-folder', `file:${join(ROOT, 'client')}`));
  });
});
