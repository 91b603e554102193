import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onepush, type Ran } from '../support/command.js';
import { connectDevice } from '../support/device.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Runs the command against the stack, as its app. */
function run(args: string[], env: Record<string, string> = {}, stdin = ''): Promise<Ran> {
  const known = {
    ONEPUSH_SERVER: stack.grpcAddr,
    ONEPUSH_EDGE: stack.httpUrl,
    ONEPUSH_APP_ID: TEST_APP.appId,
    ONEPUSH_APP_KEY: TEST_APP.appKey,
  };
  // A slow machine is no fault; what a test says of the time itself comes behind and is stronger.
  return onepush(['--timeout', '30', ...args], { ...known, ...env }, stdin);
}

/** The same with `--json`; resolves with its one line. */
async function json(args: string[], env: Record<string, string> = {}, stdin = ''): Promise<unknown> {
  const { stdout, stderr } = await run([...args, '--json'], env, stdin);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

// Each run of the command takes seconds where many run at once.
describe.concurrent('onepush', { timeout: 90_000 }, () => {
  it('sends with an extra from standard input, to the digit, and waits until it has arrived', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const extra = '{"orderId":9223372036854775807}';
    const args = ['send', '--alias', alias, '--title', 'News', '--extra', '-', '--wait', '30', 'Hello'];
    expect(await json(args, {}, extra)).toMatchObject({ done: true, targeted: 1, delivered: 1 });
    expect(device.frames[0]).toContain(`"extra":${extra}`);
    await device.close();
  });

  it('counts the devices of a push that is not sent, and says with 1 that one has not arrived', async () => {
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    const [dry, waited] = await Promise.all([
      run(['send', '--alias', alias, '--dry-run', 'Hello']),
      run(['send', '--alias', alias, '--wait', '1', 'Hello']),
    ]);
    expect(dry).toMatchObject({ code: 0, stdout: 'nothing was sent: 1 devices, 0 of them online\n' });
    expect(waited).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\d+ {2}1 device: 1 pending\n$/) });
  });

  it('says in one line, and by its exit code, what is wrong and what to do, and repeats no secret', async () => {
    const [denied, refused, unreachable] = await Promise.all([
      run(['send', '--everyone', 'Hello', '--key-stdin'], {}, 'sesame\n'),
      run(['send', '--alias', 'ALL', '--collapse-key', 'x'.repeat(65), 'Hello', '--json']),
      run(['send', '--everyone', 'Hello', '--timeout', '1'], { ONEPUSH_SERVER: '127.0.0.1:1' }),
    ]);
    expect(denied).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/^onepush: .*ONEPUSH_APP_KEY.*\n$/),
    });
    expect(denied.stderr).not.toContain('sesame');
    expect(refused).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { kind: 'usage', exitCode: 2, reason: 'INVALID_FIELDS', fields: ['collapseKey'] },
    });
    expect(unreachable).toMatchObject({ code: 3, stderr: expect.stringMatching(/^onepush: .*doctor.*\n$/) });
  });

  it('explains why a message waits, then lists, follows and shows what became of it', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias, { tag: ['news'] });
    const { requestId } = (await json(['send', '--alias', alias, 'Hello'])) as { requestId: string };
    expect(await json(['why', alias])).toMatchObject({ findings: [{ code: 'NO_TOKEN', deviceId, requestId }] });
    const { requestId: other } = (await json(['send', '--alias', 'nobody', 'Hello'])) as { requestId: string };
    expect(await json(['why', alias, '--push', other])).toMatchObject({ findings: [{ code: 'NOT_FOR_IT', deviceId }] });
    const listened = await run(['listen', deviceId, '--limit', '1', '--json']);
    expect(JSON.parse(listened.stdout)).toMatchObject({ id: requestId, alert: 'Hello' });
    const [shown, said, devices, watched] = await Promise.all([
      json(['push', requestId]),
      run(['why', alias]),
      run(['devices', alias]),
      run(['watch', '--all', '--limit', '1']),
    ]);
    expect(shown).toMatchObject({ requestId, state: 'SENT', targeted: 1, delivered: 1 });
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining("The device's connection took it") });
    expect(devices.stdout).toMatch(new RegExp(`^DEVICE .*\\n${deviceId}  ${alias}  ANDROID .* news\\n$`));
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d{4}-.*\n$/) });
  });
});
