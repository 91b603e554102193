import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';

const PROGRAM = `
  import { runService } from './dist/common/service.js';
  import { createLogger } from './dist/common/logs/log.js';
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

it('a process that is told to stop while it starts ends, though it were the first of a container', async () => {
  requireDist();
  const endless = "start: () => { console.log('starting'); return new Promise(() => setInterval(() => {}, 1000)); }";
  const program = PROGRAM.replace('start: async () => ({})', endless);
  const child = spawn(process.execPath, ['--input-type=module', '-e', program.replace('FAULT', '')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  // A code, no signal: the first process of a container is spared signals that it does not listen to.
  expect(await ended).toEqual([143, null]);
});

it('a process whose output nobody reads any more stops all the same, and one whose reader stands still does not wait', async () => {
  requireDist();
  const program = `
    import { createLogger } from './dist/common/logs/log.js';
    const log = createLogger('test', 'info');
    for (let line = 0; line < 5000; line++) log.info({ line, padding: 'x'.repeat(300) }, 'line');
    log.fatal('last');
    process.stderr.write('through');
    process.exit(0);
  `;
  for (const reader of ['sleep 5', 'head -1']) {
    const command = `"$1" --input-type=module -e "$2" | ${reader}`;
    const shell = spawn('/bin/sh', ['-c', command, 'sh', process.execPath, program], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [text] = await once(shell.stderr, 'data', { signal: AbortSignal.timeout(15_000) });
    expect(String(text)).toBe('through');
    shell.kill('SIGKILL');
  }
});
