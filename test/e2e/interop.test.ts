import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { generatePythonStubs, hasPythonGrpc, PYTHON_HOW, runPython } from '../support/python-grpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

const skipped = !process.env.CI && !hasPythonGrpc();
if (skipped) console.warn(`interop.test.ts is skipped: to cover gRPC clients in Python, ${PYTHON_HOW}.`);

describe.skipIf(skipped)('a gRPC client in Python', () => {
  const stubs = mkdtempSync(join(tmpdir(), 'onepush-stubs-'));
  let stack: Stack;
  beforeAll(async () => {
    if (!hasPythonGrpc()) throw new Error(`CI covers gRPC clients in Python: ${PYTHON_HOW}`);
    generatePythonStubs(stubs);
    stack = await startStack();
  });
  afterAll(async () => {
    rmSync(stubs, { recursive: true, force: true });
    await stack?.stop();
  });
  const send = (appKey: string, alert: string, seconds = '5') =>
    runPython(stubs, 'examples/python/send.py', [stack.grpcAddr, TEST_APP.appId, appKey, 'alice', alert, seconds]);

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
    const { code, text } = await runPython(stubs, 'examples/python/stream.py', args);
    const ids = (await device.waitForCount(3)).map(({ id }) => id);
    expect({ code, lines: text.split('\n').toSorted() }).toEqual({
      code: 0,
      lines: ids.flatMap((id) => [id, `${id} DELIVERY_STATE_DELIVERED`]).toSorted(),
    });
    await device.close();
  });

  it('is told which push of a stream was refused', async () => {
    const args = [stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, 'alice', 'x'.repeat(65_537)];
    const { code, text } = await runPython(stubs, 'examples/python/stream.py', args);
    expect({ code, text: text.slice(-15) }).toEqual({ code: 1, text: ' INVALID_FIELDS' });
  });

  it('has its deadline kept', async () => {
    expect(await send(TEST_APP.appKey, 'x', '0.000001')).toEqual({ code: 1, text: 'DEADLINE_EXCEEDED' });
  });
});
