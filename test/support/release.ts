import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connectDevice } from './device.js';
import { eventually } from './eventually.js';
import { guard } from './guard.js';
import { collectLines } from './log-lines.js';
import { newDevice, sendPush } from './users.js';

/** A process of a release that has said that it is ready. */
export interface Released {
  /** The addresses that it listens on. */
  readonly ready: Readonly<Record<string, string | undefined>>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a core or an edge by a command of ours, on ports of its own, and resolves when it is ready. */
export async function startReleased(
  command: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<Released> {
  const [program = '', ...args] = command;
  const ports = ['HTTP', 'GRPC', 'CONNECT', 'OPS'].map((name) => [`ONEPUSH_${name}_LISTEN`, '127.0.0.1:0']);
  const child = spawn(program, args, {
    cwd,
    env: {
      PATH: process.env.PATH,
      ONEPUSH_LINK_TOKEN: 'link-token-of-a-release',
      ONEPUSH_BOOTSTRAP_APP: 'testapp1:dkdka',
      ...Object.fromEntries(ports),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = collectLines([child.stdout, child.stderr]);
  const closed = once(child, 'close').then(() => {
    lines.end(`ended with exit code ${child.exitCode}`);
    return child.exitCode;
  });
  child.once('exit', guard(child.pid));
  const ready = await lines.waitFor('"msg":"ready"', 20_000);
  return {
    ready: JSON.parse(ready),
    async stop() {
      child.kill('SIGTERM');
      return closed;
    },
  };
}

/** Registers a device, connects it and pushes to it. */
export async function expectToPush(httpUrl: string): Promise<void> {
  await eventually(async () => (await fetch(`${httpUrl}/readyz`)).status === 200, { message: 'the edge to be ready' });
  const alias = `user-${randomUUID()}`;
  const device = connectDevice(`${httpUrl.replace('http', 'ws')}/msgpush.ws`, await newDevice(httpUrl, alias));
  await device.opened;
  const id = await sendPush(httpUrl, { audiences: [alias] });
  await device.waitForMessage((message) => message.id === id);
  await device.close();
}
