import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LINK_TOKEN } from '../support/process.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const WARNING = "--import=data:text/javascript,process.on('SIGUSR2',()=>process.emitWarning('spilt_milk'))";
/** A proxy that is none: what went through it would not arrive. */
const PROXIES = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'grpc_proxy'].map((name) => [name, 'http://127.0.0.1:1']),
);
const ENV = { ...PROXIES, GRPC_VERBOSITY: 'DEBUG', GRPC_TRACE: 'all', NODE_OPTIONS: WARNING };

describe('a core and an edge in a talkative environment', () => {
  let folder: string;
  let stack: Stack;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onepush-logs-'));
    const databaseUrl = `sqlite:${join(folder, 'onepush.db')}`;
    stack = await startStack({ databaseUrl, coreEnv: ENV, edgeEnv: ENV });
  });
  afterAll(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('take no proxy for the link', async () => {
    await newDevice(stack.httpUrl, uniqueName());
    expect(await sendPush(stack.httpUrl, { audiences: 'ALL' })).toMatch(/^\d+$/);
  });

  it('log lines of JSON only, without a token', async () => {
    for (const running of [stack.core, stack.edge]) {
      running.child.kill('SIGUSR2');
      await running.waitForLog('Node.js warns');
      for (const line of running.logs()) expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) });
      expect(running.logs().join('\n')).not.toContain(LINK_TOKEN);
    }
  });

  it('are told by a warning when others can read the database', async () => {
    expect(stack.core.logs().join('\n')).not.toContain('other users');
    await chmod(folder, 0o755);
    await chmod(join(folder, 'onepush.db'), 0o644);
    await stack.restartCore();
    await stack.core.waitForLog('other users of this machine can read the database');
    expect((await stat(join(folder, 'onepush.db'))).mode & 0o777).toBe(0o644);
  });
});
