import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithoutCurl } from '../support/curl.js';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const withoutCurl = skipWithoutCurl('examples.test.ts');

/** What is there that nobody has committed; nothing outside a clone. */
const untracked = () => run('git', ['status', '--porcelain', '--untracked-files=all']).then(({ out }) => out);
let before: string[];

let stack: Stack;
beforeAll(async () => {
  before = await untracked();
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Runs an example: its exit code, and the lines that it has printed. */
function run(
  program: string,
  args: string[],
  input?: unknown,
): Promise<{ code: number | null; out: string[]; errors: string }> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH }, timeout: 15_000 };
    const child = execFile(program, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, out: stdout.trim().split('\n'), errors: stderr.trim() }),
    );
    child.stdin?.end(input === undefined ? '' : JSON.stringify(input));
  });
}
const node = (file: string, ...args: string[]) => run(process.execPath, [join('examples/node', file), ...args]);
const curl = (appKey: string, ...args: string[]) =>
  run('examples/curl/send.sh', [stack.connectUrl, TEST_APP.appId, appKey, ...args]);

async function online(alias: string) {
  const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
  await device.opened;
  return device;
}

describe('the examples for Node.js', () => {
  it('send over a stream, and follow the receipts', async () => {
    const alias = uniqueName();
    const device = await online(alias);
    const app = [stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey];
    const sent = await node('send.mjs', ...app, alias, 'one', 'two', 'three');
    expect(sent).toMatchObject({ code: 0, errors: '' });
    expect((await device.waitForCount(3)).map(({ id }) => id)).toEqual(sent.out);
    const followed = await node('receipts.mjs', ...app, '3');
    expect(followed).toMatchObject({ code: 0, errors: '' });
    expect(followed.out.slice(0, 3)).toEqual(sent.out.map((id) => `${id} ${alias} DELIVERED`));
    await device.close();
  });

  it('schedule a push, and cancel one', async () => {
    const alias = uniqueName();
    const device = await online(alias);
    const later = (seconds: string, ...more: string[]) =>
      node('later.mjs', stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, alias, `in ${seconds} s`, seconds, ...more);
    const [cancelled, due] = await Promise.all([later('600', 'cancel'), later('2')]);
    expect(cancelled).toMatchObject({ code: 0, errors: '', out: [expect.stringMatching(/^\d+ SCHEDULED RECALLED$/)] });
    expect(due).toMatchObject({ code: 0, errors: '', out: [expect.stringMatching(/^\d+ SCHEDULED$/)] });
    expect((await device.waitForCount(1)).map((message) => message.alert)).toEqual(['in 2 s']);
    await device.close();
  });

  it('receive as a device, and go on after a restart', async () => {
    const alias = uniqueName();
    const file = join(mkdtempSync(join(tmpdir(), 'onepush-example-')), 'device.json');
    const receive = (count: string) => node('receive.mjs', stack.httpUrl, TEST_APP.appId, alias, count, file);
    const send = (alert: string) => sendPush(stack.httpUrl, { audiences: [alias], alert, needConfirm: true });
    const first = receive('1');
    await eventually(() => existsSync(file) && readFileSync(file, 'utf8').includes('device'), { timeoutMs: 10_000 });
    const one = await send('one');
    expect(await first).toMatchObject({ code: 0, out: [`${one} one`] });
    const two = await send('two');
    expect(await receive('1')).toMatchObject({ code: 0, out: [`${two} two`] });
    rmSync(dirname(file), { recursive: true });
  });

  it('seal a message for the devices of a user, who alone can open it', async () => {
    const endToEnd = (command: string, input?: unknown) =>
      run(process.execPath, ['examples/node/end-to-end.mjs', command, 'key-1'], input);
    const parsed = async (command: string, input?: unknown) =>
      JSON.parse((await endToEnd(command, input)).out.join(''));
    // The business system knows the public keys of its users' devices; the app has that of the business system in it.
    const [phone, tablet, sender] = await Promise.all([parsed('keys'), parsed('keys'), parsed('keys')]);
    const alias = uniqueName();
    const device = await online(alias);
    const to = [phone, { ...tablet, id: 'key-2' }].map(({ id, encryption }) => ({
      id,
      publicKey: encryption.publicKey,
    }));
    const from = { id: 'key-1', privateKey: sender.signature.privateKey };
    const message = { appId: TEST_APP.appId, alias, messageId: 'order-17', text: 'Your code is 314159 ✓' };
    const sealed = await parsed('seal', { from, to, ...message });
    expect(JSON.stringify(sealed)).not.toContain('314159');
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'You have a message', extra: sealed });
    const { extra } = (await device.waitForCount(1))[0] ?? {};

    const keys = { id: 'key-1', ...phone.encryption };
    const senders = [{ id: 'key-1', publicKey: sender.signature.publicKey }];
    const known = { extra, device: [keys], senders, appId: TEST_APP.appId, alias };
    expect(await parsed('open', known)).toEqual({ messageId: 'order-17', text: message.text });
    const changed = { sealed: { ...Object(extra).sealed, messageId: 'order-18' } };
    const refused: [string, object][] = [
      ['opened before', { ...known, opened: ['order-17'] }],
      ['not for this user', { ...known, alias: 'another' }],
      ['not what its sender has signed', { ...known, extra: changed }],
      ['not of a sender that is known', { ...known, senders: [] }],
      ['too old', { ...known, maxAgeMs: 0 }],
      ['sealed for other keys', { ...known, device: [{ ...keys, id: 'key-3' }] }],
      ['', { ...known, device: [{ id: 'key-1', ...tablet.encryption }] }],
    ];
    const answers = await Promise.all(refused.map(([, input]) => endToEnd('open', input)));
    expect(answers.map(({ code }) => code)).toEqual(refused.map(() => 1));
    const reasons = answers.map(({ errors }) => errors);
    for (const [index, [reason]] of refused.entries()) expect(reasons[index]).toContain(reason);
    await device.close();
  });

  it('tell what a push was refused for', async () => {
    const wrong = await node('send.mjs', stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, 'alice', '');
    expect(wrong).toMatchObject({ code: 1, errors: 'INVALID_ARGUMENT INVALID_FIELDS alert' });
    const stranger = await node('send.mjs', stack.grpcAddr, TEST_APP.appId, 'wrong', 'alice', 'x');
    expect(stranger).toMatchObject({ code: 1, errors: 'UNAUTHENTICATED WRONG_APP_KEY' });
  });
});

describe.skipIf(withoutCurl)('the README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## For internal services'));
  /** The section's first block of this language, for this stack. */
  const block = (language: string) =>
    (new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1] ?? '')
      .replaceAll('127.0.0.1:9090', stack.grpcAddr)
      .replaceAll('http://127.0.0.1:9091', stack.connectUrl);

  it('shows internal services a program and commands that work', async () => {
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, 'alice', { tag: ['news'] }));
    await device.opened;
    const program = await run(process.execPath, ['--input-type=module', '-e', block('js')]);
    expect(program).toMatchObject({ code: 0, errors: '', out: [expect.stringMatching(/^\d+$/)] });
    const commands = await run('/bin/sh', ['-ec', block('sh')]);
    expect(commands).toMatchObject({ code: 0, errors: '' });
    const alerts = ['To the readers, without Bob', 'One over gRPC', 'Another over gRPC', 'Over Connect'];
    expect((await device.waitForCount(4)).map(({ alert }) => alert)).toEqual(alerts);
    await device.close();
  });
});

describe.skipIf(withoutCurl)('the example for curl', () => {
  it('sends any text', async () => {
    const alias = uniqueName('"\\ 爱丽丝');
    const device = await online(alias);
    const alert = 'a "quoted" \\ text, 你好';
    const { code, out } = await curl(TEST_APP.appKey, alias, alert);
    expect(code).toBe(0);
    const { requestId } = JSON.parse(out.join('\n'));
    expect(await device.waitForMessage(({ id }) => id === requestId)).toMatchObject({ alert });
    await device.close();
  });

  it('fails with what the service says', async () => {
    const { code, out } = await curl('wrong', 'alice', 'x');
    expect(code).toBe(22);
    expect(out.join('\n')).toContain('WRONG_APP_KEY');
  });
});

it('the examples leave nothing behind in the repository', async () => {
  expect(await untracked()).toEqual(before);
});
