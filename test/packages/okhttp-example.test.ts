import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDevice } from '../../cli/device-check/check.js';
import { ROOT } from '../support/dist.js';

const run = promisify(execFile);
const EXAMPLE = join(ROOT, 'examples/okhttp');
const folder = mkdtempSync(join(tmpdir(), 'onepush-okhttp-'));
const classPath = `${folder}/classes:${folder}/lib/*`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The reason why the example is not compiled here; undefined: it is. */
let obstacle: string | undefined;
beforeAll(async () => {
  const commands: [string, string[]][] = [
    ['javac', ['-version']],
    ['mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${folder}/lib`]],
  ];
  for (const [program, args] of commands) {
    const problem = await run(program, args, { cwd: EXAMPLE, timeout: 120_000 }).catch(() => program);
    if (problem === program) {
      obstacle = `The example for OkHttp is not tried: ${program} is not there, or cannot fetch what it needs.`;
      console.warn(obstacle);
      return;
    }
  }
}, 150_000);

it('the example for OkHttp compiles, and passes the device check', { timeout: 240_000 }, async (context) => {
  if (obstacle !== undefined) return context.skip(obstacle);
  const javac = ['-Xlint:all', '-Werror', '-cp', `${folder}/lib/*`, '-d', `${folder}/classes`];
  await run('javac', [...javac, 'OnePushDevice.java', 'Receive.java'], { cwd: EXAMPLE });
  const java = `java -Xshare:auto -XX:TieredStopAtLevel=1 -cp '${classPath}' Receive`;
  const results = await checkDevice({
    listen: { host: '127.0.0.1', port: 0 },
    command: `exec ${java} "$DEVICE_CHECK_URL" check alice '${folder}/device.json'`,
    only: undefined,
    isQuick: true,
    say: () => {},
    log: () => {},
  });
  expect(results.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
  const unknown = results.filter(({ verdict }) => verdict === 'unknown').map(({ rule }) => rule);
  // Only slow scenarios come to them.
  expect(unknown).toEqual(['C4', 'H1', 'H2', 'D4', 'B3']);
});
