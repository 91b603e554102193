import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generatePythonStubs, hasPythonGrpc, PYTHON_HOW, runPython } from '../support/python-grpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

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

  it('has its deadline kept', async () => {
    expect(await send(TEST_APP.appKey, 'x', '0.000001')).toEqual({ code: 1, text: 'DEADLINE_EXCEEDED' });
  });
});
