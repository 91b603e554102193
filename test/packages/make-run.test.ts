import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { guard } from '../support/guard.js';
import { collectLines, type LogLines } from '../support/log-lines.js';

let folder: string;
const runs: ChildProcess[] = [];
beforeAll(async () => {
  requireDist();
  folder = await mkdtemp(join(tmpdir(), 'onepush-run-'));
});
afterAll(async () => {
  for (const run of runs) run.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** What `make run` runs, with a database of its own, on ports that are free unless `env` says otherwise. */
function start(
  database: string,
  env: Record<string, string> = {},
): { lines: LogLines; ended: Promise<unknown[]>; run: ChildProcess } {
  const ephemeral = Object.fromEntries(
    ['GRPC', 'CONNECT', 'OPS', 'HTTP'].map((name) => [`ONEPUSH_${name}_LISTEN`, '127.0.0.1:0']),
  );
  const own = { ONEPUSH_DATABASE_URL: `sqlite:${join(folder, database)}`, PATH: process.env.PATH };
  const run = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'up'], {
    env: { ...ephemeral, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  runs.push(run);
  run.once('exit', guard(run.pid));
  return { lines: collectLines([run.stdout, run.stderr]), ended: once(run, 'close'), run };
}

/** Also true of one that has ended and that nobody has asked about yet. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidOf = (line: string): number => JSON.parse(line).pid;

describe('make run', () => {
  it('ends its lines with what to do next, keeps the files for their owner, and ends with 0 at Ctrl-C', async () => {
    const { lines, ended, run } = start('new/data/one.db');
    await lines.waitFor('"Hello, Alice"', 20_000);
    const banner = lines.all().findIndex((line) => line.startsWith('ONE-PUSH is running'));
    const log = lines.all().findLastIndex((line) => line.startsWith('{'));
    expect(log).toBeLessThan(banner);
    const rightsOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await rightsOf(join(folder, 'new/data'))).toBe('700');
    for (const file of await readdir(join(folder, 'new/data'))) {
      expect(await rightsOf(join(folder, 'new/data', file))).toBe('600');
    }

    const grpc = /([\d.]+:\d+)$/.exec(lines.all().find((line) => line.includes('over gRPC')) ?? '')?.[1] ?? '';
    const second = start('two.db', { ONEPUSH_GRPC_LISTEN: grpc });
    expect(await second.ended).toEqual([2, null]);
    expect(second.lines.all().join('\n')).toContain(
      `cannot listen on ${grpc} (ONEPUSH_GRPC_LISTEN): the port is in use`,
    );
    expect(second.lines.all()).toContainEqual(expect.stringContaining('the core ended with exit code 2'));

    run.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('says which process ended it, and takes the other one with it', async () => {
    const { lines, ended } = start('three.db', {
      ONEPUSH_HTTP_LISTEN: '127.0.0.2:0',
      ONEPUSH_GRPC_LISTEN: '0.0.0.0:0',
      ONEPUSH_ALLOW_PLAINTEXT: '1',
    });
    const core = pidOf(await lines.waitFor('"name":"core"', 20_000));
    const edge = pidOf(await lines.waitFor('"attached to a core"', 20_000));
    // It asks, and names, the addresses that it listens on.
    await lines.waitFor('"Hello, Alice"', 20_000);
    expect(lines.all()).toContainEqual(expect.stringMatching(/test page +http:\/\/127\.0\.0\.2:\d+\/$/));
    expect(lines.all()).toContainEqual(expect.stringMatching(/over gRPC +127\.0\.0\.1:\d+$/));
    process.kill(core, 'SIGKILL');
    expect(await ended).toEqual([1, null]);
    expect(lines.all().filter((line) => line.startsWith('onepush: '))).toEqual([
      expect.stringContaining('the core was ended by SIGKILL'),
    ]);
    await eventually(() => !lives(edge));
  });

  it('leaves no process behind when it is killed itself', async () => {
    const { lines, ended, run } = start('four.db');
    const core = pidOf(await lines.waitFor('"name":"core"', 20_000));
    const edge = pidOf(await lines.waitFor('"attached to a core"', 20_000));
    run.kill('SIGKILL');
    // They hold its standard error as long as they live.
    await ended;
    await eventually(() => !lives(core) && !lives(edge));
  });
});
