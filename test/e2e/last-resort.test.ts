import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';

const PROGRAM = `
  import { runService } from './dist/common/service.js';
  import { createLogger } from './dist/common/log.js';
  const service = { start: async () => ({}), stop: async () => console.log('drained') };
  await runService('test', () => ({ service, log: createLogger('test', 'info'), stopSeconds: 1 }));
  FAULT;
`;

it.each([
  ['an exception', "setTimeout(() => { throw new Error('secret'); })"],
  ['a rejection', "Promise.reject(new Error('secret'))"],
])(
  '%s that nothing catches is told, what is under way is brought to its end, and the exit code is not 0',
  async (_, fault) => {
    requireDist();
    const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
      execFile(
        process.execPath,
        ['--input-type=module', '-e', PROGRAM.replace('FAULT', fault)],
        { cwd: ROOT },
        (error, out) => resolve({ code: error?.code ?? 0, stdout: out }),
      );
    });
    expect(stdout).toContain('uncaught exception');
    expect(stdout).toContain('drained');
    expect(stdout).not.toContain('secret');
    expect(code).toBe(1);
  },
);
