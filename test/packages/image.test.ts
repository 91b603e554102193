import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { carryOut, readSteps } from '../support/dockerfile.js';
import { expectToPush, startReleased } from '../support/release.js';

const STEPS = readSteps(join(ROOT, 'deploy/docker/Dockerfile'));
const first = STEPS.findIndex(({ instruction }) => instruction === 'FROM');
const second = STEPS.findIndex(({ instruction }, index) => index > first && instruction === 'FROM');
const swap = STEPS.findIndex(({ instruction }) => instruction === 'ARG');
/** With ONEPUSH_TEST_IMAGE=full the dependencies are installed as the Dockerfile says, else taken from here. */
const isFull = process.env.ONEPUSH_TEST_IMAGE === 'full';
/** What the uWebSockets.js of the image wants of the system. */
const [, minor = '0'] = /^2\.(\d+)/.exec(glibc()) ?? [];
const isNewGlibc = Number(minor) >= 38;

/** Empty where the C library is another. */
function glibc(): string {
  // Reports have no types; this member is text, or absent.
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ?? '';
}

let folder: string;
let out: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onepush-image-'));
  out = join(folder, 'out');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Carries out steps of the stage that builds. */
function build(from: number, to: number): void {
  carryOut(STEPS.slice(from, to), {
    root: ROOT,
    cwd: join(folder, 'src'),
    places: { '/src': join(folder, 'src'), '/out': out },
    run(command, cwd) {
      if (isFull || !command.startsWith('npm ci ')) return false;
      // Hard links where that can be: nothing writes into them.
      const [from, to] = [join(ROOT, 'node_modules'), join(cwd, 'node_modules')];
      execFileSync('sh', ['-c', 'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1"; cp -a "$0" "$1"; }', from, to]);
      return true;
    },
  });
}

/** Runs the check of `HEALTHCHECK`; throws if it exits with another code than 0. */
function checkHealth(ops: string | undefined): void {
  const env = { PATH: process.env.PATH, ONEPUSH_OPS_LISTEN: ops };
  execFileSync('node', [join(out, 'dist/cli/healthcheck.js')], { env, stdio: 'pipe' });
}

describe('the image', () => {
  it('is built by the steps of the Dockerfile, and what comes of them pushes', { timeout: 300_000 }, async () => {
    build(first, swap);
    for (const name of ['core', 'test', 'node_modules/vitest', 'node_modules/typescript', 'node_modules/@one-push']) {
      expect(existsSync(join(out, name)), name).toBe(false);
    }
    const env = { ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'data/one.db')}` };
    const entrypoint = join(out, 'deploy/docker/entrypoint.sh');
    const core = await startReleased(['sh', entrypoint, 'core'], env);
    const edge = await startReleased(['sh', entrypoint, 'edge'], { ONEPUSH_CORE_ADDRS: core.ready.grpc ?? '' });
    try {
      await expectToPush(`http://${edge.ready.http}`);
      for (const { ready } of [core, edge]) expect(() => checkHealth(ready.ops)).not.toThrow();
    } finally {
      expect(await edge.stop()).toBe(0);
      expect(await core.stop()).toBe(0);
    }
    expect(() => checkHealth(core.ready.ops)).toThrow('ECONNREFUSED');

    build(swap, second);
    const uws = await readdir(join(out, 'node_modules/uWebSockets.js'));
    expect(uws.filter((name) => name.endsWith('.node'))).toHaveLength(3);
    expect(statSync(join(out, 'node_modules/uWebSockets.js/uws.js')).isFile()).toBe(true);
    if (!isNewGlibc) {
      console.warn('the uWebSockets.js of the image is not started: this system has an older glibc than 2.38');
      return;
    }
    const swapped = await startReleased(['sh', entrypoint, 'core'], env);
    const newer = await startReleased(['sh', entrypoint, 'edge'], { ONEPUSH_CORE_ADDRS: swapped.ready.grpc ?? '' });
    await expectToPush(`http://${newer.ready.http}`);
    expect(await newer.stop()).toBe(0);
    expect(await swapped.stop()).toBe(0);
  });
});
