import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { generateGoogleapis, hasPythonGrpc, PYTHON_HOW, runPython } from '../support/python-grpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

const skipped = !process.env.CI && !hasPythonGrpc();
if (skipped) console.warn(`interop.test.ts is skipped: to cover gRPC clients in Python, ${PYTHON_HOW}.`);

const folder = mkdtempSync(join(tmpdir(), 'onepush-stubs-'));
const googleapis = mkdtempSync(join(tmpdir(), 'onepush-googleapis-'));
afterAll(() => {
  for (const path of [folder, googleapis]) rmSync(path, { recursive: true, force: true });
});

/** Runs the commands that docs/clients.md gives for a language; where the stubs are then. */
function generate(language: string): string {
  const page = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
  const [, commands = ''] = new RegExp(`^## ${language}\\n+^\`\`\`sh\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  const out = join(folder, language);
  const here = commands.replaceAll('npx buf', 'node_modules/.bin/buf').replaceAll('"stubs', `"${out}`);
  execFileSync('/bin/sh', ['-ec', here], { cwd: ROOT, stdio: 'pipe' });
  return out;
}

describe.skipIf(skipped)('the stubs for', () => {
  it.each([
    ['Python', 'onepush/v1/push_core_pb2_grpc.py'],
    ['Java', 'java/com/onepush/v1/SendPushRequest.java'],
    ['PHP', 'php/OnePush/V1/PushCoreClient.php'],
    ['Ruby', 'ruby/onepush/v1/push_core_services_pb.rb'],
  ])('%s are ours alone: nothing of them clashes with what Google and protovalidate bring', (language, service) => {
    const out = generate(language);
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' });
    expect(files).toContain(service);
    const strange = files.filter((path) => /(?:^|\/)(?:google|buf)(?:\/|$)/i.test(path));
    expect(strange).toEqual([]);
    const texts = files.filter((path) => /\.\w+$/.test(path)).map((path) => readFileSync(join(out, path), 'utf8'));
    expect(texts.filter((text) => /buf[./]validate|google[./]rpc/i.test(text))).toEqual([]);
  });
});

describe.skipIf(skipped)('a gRPC client in Python', () => {
  let path: string[];
  let stack: Stack;
  beforeAll(async () => {
    if (!hasPythonGrpc()) throw new Error(`CI covers gRPC clients in Python: ${PYTHON_HOW}`);
    path = [generate('Python'), googleapis];
    generateGoogleapis(googleapis);
    stack = await startStack();
  });
  afterAll(() => stack?.stop());
  const send = (appKey: string, alert: string, seconds = '5') =>
    runPython(path, 'examples/python/send.py', [stack.grpcAddr, TEST_APP.appId, appKey, 'alice', alert, seconds]);

  it('sends a push', async () => {
    expect(await send(TEST_APP.appKey, 'from Python')).toEqual({ code: 0, text: expect.stringMatching(/^\d+$/) });
  });

  it('gets errors with their reason and fields', async () => {
    expect(await send('wrong', 'x')).toEqual({ code: 1, text: 'UNAUTHENTICATED WRONG_APP_KEY' });
    expect(await send(TEST_APP.appKey, '')).toEqual({ code: 1, text: 'INVALID_ARGUMENT INVALID_FIELDS alert' });
  });

  it('streams pushes, and follows their receipts', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const args = [stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, alias, 'one', 'two', 'three'];
    const { code, text } = await runPython(path, 'examples/python/stream.py', args);
    const ids = (await device.waitForCount(3)).map(({ id }) => id);
    expect({ code, lines: text.split('\n').toSorted() }).toEqual({
      code: 0,
      lines: ids.flatMap((id) => [id, `${id} DELIVERY_STATE_DELIVERED`]).toSorted(),
    });
    await device.close();
  });

  it('is told which push of a stream was refused', async () => {
    const args = [stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, 'alice', 'x'.repeat(65_537)];
    const { code, text } = await runPython(path, 'examples/python/stream.py', args);
    expect({ code, text: text.slice(-15) }).toEqual({ code: 1, text: ' INVALID_FIELDS' });
  });

  it('has its deadline kept', async () => {
    expect(await send(TEST_APP.appKey, 'x', '0.000001')).toEqual({ code: 1, text: 'DEADLINE_EXCEEDED' });
  });
});
