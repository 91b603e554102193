import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';
import { guard } from '../support/guard.js';
import { collectLines } from '../support/log-lines.js';
import { expectToPush, startReleased } from '../support/release.js';

let folder: string;
let name: string;
/** The folder that the archive unpacks to. */
let release: string;

beforeAll(async () => {
  requireDist();
  folder = await mkdtemp(join(tmpdir(), 'onepush-release-'));
  const secrets = join(ROOT, 'deploy/compose/.env');
  const isOurs = await writeFile(secrets, 'SECRET=1\n', { flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    execFileSync('sh', [join(ROOT, 'tools/release/archive.sh'), folder], { stdio: 'pipe' });
  } finally {
    if (isOurs) await rm(secrets);
  }
  name = (await readdir(folder)).find((file) => file.endsWith('.tar.gz')) ?? '';
  execFileSync('tar', ['-xzf', name], { cwd: folder });
  release = join(folder, name.replace('.tar.gz', ''));
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts what `ExecStart` of a unit says, with Node.js and the release where they are here. */
function startUnit(unit: string, env: Record<string, string>) {
  const text = readFileSync(join(release, 'deploy/systemd', unit), 'utf8');
  const [, line = ''] = /^ExecStart=(.+)$/m.exec(text) ?? [];
  const command = line.replace('/usr/bin/node', process.execPath).replace('/opt/one-push', release);
  return startReleased(command.split(' '), env, folder);
}

describe('the release', () => {
  it('has the sum that stands beside it, and is for this platform alone', async () => {
    expect(execFileSync('sha256sum', ['--check', `${name}.sha256`], { cwd: folder, encoding: 'utf8' })).toContain('OK');
    const binaries = await readdir(join(release, 'node_modules/uWebSockets.js'));
    const own = `uws_${process.platform}_${process.arch}_`;
    const [supported] = [binaries.filter((file) => file.endsWith('.node'))];
    expect(supported.toSorted()).toEqual(['115', '127', '137'].map((abi) => `${own}${abi}.node`));
    const rules = await readFile(join(release, 'LICENSE'), 'utf8');
    expect(rules).toContain('Apache License');
  });

  it('has none of the secrets of whoever packed it', async () => {
    expect(await readdir(join(release, 'deploy/compose'))).toEqual(['.env.example', 'compose.yaml', 'nginx.conf']);
  });

  it('starts with two commands: unpack, run', async () => {
    const run = spawn(process.execPath, [join(release, 'dist/cli/main.js'), 'up'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'run/one.db')}`,
        ...Object.fromEntries(
          ['GRPC', 'CONNECT', 'OPS', 'HTTP'].map((part) => [`ONEPUSH_${part}_LISTEN`, '127.0.0.1:0']),
        ),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    run.once('exit', guard(run.pid));
    const ended = once(run, 'close');
    const lines = collectLines([run.stdout, run.stderr]);
    const line = await lines.waitFor('REST, WebSocket and the test page', 20_000);
    await expectToPush(/http:\S+\d/.exec(line)?.[0] ?? '');
    run.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('runs core and edge as the units of systemd say', async () => {
    const core = await startUnit('onepush-core.service', {});
    const edge = await startUnit('onepush-edge@.service', { ONEPUSH_CORE_ADDRS: core.ready.grpc ?? '' });
    await expectToPush(`http://${edge.ready.http}`);
    expect(await edge.stop()).toBe(0);
    expect(await core.stop()).toBe(0);
    // SQLite is where the unit's WorkingDirectory is.
    expect(await readdir(join(folder, 'data'))).toContain('onepush.db');
  });
});
