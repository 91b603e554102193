import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, utimesSync } from 'node:fs';
import { appendFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, skipWithoutChromium } from '../support/chromium.js';
import { skipWithoutCurl } from '../support/curl.js';
import { ROOT } from '../support/dist.js';
import { collectLines, type LogLines } from '../support/log-lines.js';
import { freePort } from '../support/ports.js';

/** Time that a step may take, in milliseconds: reading aside, a newcomer has two minutes. */
const WITHIN_MS = 120_000;
const GIT = ['-c', 'user.name=Newcomer', '-c', 'user.email=newcomer@example.com', '-c', 'protocol.file.allow=always'];

let folder: string;
let clone: string;
let readme: string;
let env: NodeJS.ProcessEnv;
/** What stands in the README in place of the ports that were free. */
let places: readonly (readonly [string, string])[];
const running = new Set<ChildProcess>();
const times: { step: string; seconds: number }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onepush-newcomer-'));
  clone = join(folder, 'one-push');
  execFileSync('git', [...GIT, 'clone', '-q', ROOT, join(folder, 'origin')]);
  execFileSync('git', [...GIT, 'clone', '-q', join(folder, 'origin'), clone]);
  // What `make run` would install from the registry; newer than the list of it, so that it stays.
  await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  utimesSync(join(ROOT, 'node_modules/.stamp'), new Date(), new Date());
  readme = readFileSync(join(clone, 'README.md'), 'utf8');
  const [http, grpc, connect] = await Promise.all([freePort(), freePort(), freePort()]);
  places = [
    ['127.0.0.1:8080', `127.0.0.1:${http}`],
    ['127.0.0.1:9091', `127.0.0.1:${connect}`],
  ];
  env = {
    PATH: process.env.PATH,
    HOME: folder,
    ONEPUSH_HTTP_LISTEN: `127.0.0.1:${http}`,
    ONEPUSH_GRPC_LISTEN: `127.0.0.1:${grpc}`,
    ONEPUSH_CONNECT_LISTEN: `127.0.0.1:${connect}`,
    ONEPUSH_OPS_LISTEN: '127.0.0.1:0',
    ONEPUSH_SERVER: `127.0.0.1:${grpc}`,
    ONEPUSH_EDGE: `http://127.0.0.1:${http}`,
  };
}, 60_000);
afterAll(async () => {
  for (const child of running) signal(child, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** The commands that stand behind a mark in the README, with the places of this run. */
function commandsOf(mark: string): string {
  const block = new RegExp(`<!-- newcomer: ${mark} -->\n+\`\`\`sh\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no commands marked ${mark}`);
  return places.reduce((text, [from, to]) => text.replaceAll(from, to), block);
}

/** Types commands into a terminal of their own. */
function type(commands: string): { child: ChildProcess; lines: LogLines; ended: Promise<unknown> } {
  const child = spawn('/bin/sh', ['-ec', commands], {
    cwd: clone,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const lines = collectLines([child.stdout, child.stderr]);
  const ended = once(child, 'close').finally(() => {
    running.delete(child);
    lines.end('it has ended');
  });
  return { child, lines, ended };
}

/** Presses a key such as Ctrl-C: the signal reaches all that runs in the terminal. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended.
  }
}

async function stop({ child, ended }: ReturnType<typeof type>): Promise<void> {
  signal(child, 'SIGINT');
  await ended;
}

/** Runs commands to their end. */
function run(commands: string): string {
  return execFileSync('/bin/sh', ['-ec', commands], { cwd: clone, env, encoding: 'utf8', timeout: WITHIN_MS });
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  times.push({ step: name, seconds });
  expect(seconds * 1000, `${name}: two minutes`).toBeLessThan(WITHIN_MS);
  return result;
}

async function start(commands = commandsOf('run')): Promise<ReturnType<typeof type>> {
  const service = type(commands);
  await service.lines.waitFor('"Hello, Alice"', WITHIN_MS);
  return service;
}

/** Listens as the device until a message has come. */
async function expectToArrive(id: string, alert: string): Promise<void> {
  const listener = type(`npm run -s listen -- ${id}`);
  await listener.lines.waitFor(`"alert":"${alert}"`, 60_000);
  await stop(listener);
}

it.skipIf(skipWithoutCurl('newcomer.test.ts'))(
  'a newcomer with the README alone does each of its steps in under two minutes',
  async () => {
    let service = await step('run', () => start(commandsOf('run').split('\n')[0]));
    const id = await step('register, listen, send', async () => {
      const listener = type(commandsOf('register').replace('npm run', 'echo "id $ID"; npm run'));
      const said = await listener.lines.waitFor('id ', 30_000);
      await listener.lines.waitFor('connected', 30_000);
      expect(run(commandsOf('send'))).toContain('requestId');
      await listener.lines.waitFor('"alert":"Hello, Alice"', 30_000);
      await stop(listener);
      return said.slice(3);
    });
    if (!skipWithoutChromium('newcomer.test.ts')) await step('see it in the console', seeInConsole);
    await step('find out why it did not arrive', async () => {
      expect(run(commandsOf('why'))).toContain('The device is offline');
    });
    service = await step('back up, lose everything, go back', async () => {
      await stop(service);
      run(commandsOf('back up'));
      await rm(join(clone, 'data'), { recursive: true });
      run(commandsOf('go back'));
      const restored = await start();
      await expectToArrive(id, 'Where is it?');
      return restored;
    });
    service = await step('upgrade', async () => {
      run(commandsOf('send').replace('Hello, Alice', 'Before the upgrade'));
      await stop(service);
      await publish();
      const upgraded = await start(commandsOf('upgrade'));
      await expectToArrive(id, 'Before the upgrade');
      return upgraded;
    });
    await stop(service);
    console.table(times);
  },
  600_000,
);

async function seeInConsole(): Promise<void> {
  const address = /<(http:\/\/127\.0\.0\.1:9091\/console\/)>/.exec(readme)?.[1] ?? '';
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(places.reduce((text, [from, to]) => text.replaceAll(from, to), address));
    await page.getByRole('combobox').selectOption('app');
    await page.locator('input').first().fill('testapp1');
    await page.locator('input[type=password]').fill('dkdka');
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').getByRole('link', { name: 'Pushes', exact: true }).click();
    await page.getByText('Hello, Alice').first().waitFor();
  } finally {
    await browser.close();
  }
}

/** Makes the next release: another commit where the clone comes from. */
async function publish(): Promise<void> {
  await appendFile(join(folder, 'origin/cli/time.ts'), '\n// The next release.\n');
  execFileSync('git', [...GIT, '-C', join(folder, 'origin'), 'commit', '-qam', 'The next release']);
}
