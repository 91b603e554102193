import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';

it.concurrent.each(['react', 'react-native'])('the example in examples/%s has no wrong type', async (name) => {
  const tsc = promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', `examples/${name}/tsconfig.json`], {
    cwd: ROOT,
  });
  const said = await tsc.then(
    ({ stdout }) => stdout,
    // What execFile rejects with when a program fails.
    (error: { stdout: string }) => error.stdout,
  );
  expect(said).toBe('');
});
