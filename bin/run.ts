import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pretty from 'pino-pretty';
import { prettyOptions } from '../common/logs/log.js';
import { NODE_OPTIONS } from '../common/node-options.js';

/**
 * `make run`: a core and an edge on this machine, on the embedded defaults. Settings in the environment are kept.
 * Ctrl-C stops the edge, then the core.
 */
const env: NodeJS.ProcessEnv & { ONEPUSH_BOOTSTRAP_APP: string } = {
  ...process.env,
  ONEPUSH_BOOTSTRAP_APP: process.env.ONEPUSH_BOOTSTRAP_APP || 'testapp1:dkdka',
  ONEPUSH_ADMIN_TOKEN: process.env.ONEPUSH_ADMIN_TOKEN || randomBytes(18).toString('base64url'),
  ONEPUSH_LINK_TOKEN: process.env.ONEPUSH_LINK_TOKEN || randomBytes(18).toString('base64url'),
};

/** In milliseconds: what the processes have written is on its way to us. */
const LINES_WITHIN = 100;

let stopping = false;

/**
 * Starts a process in a group of its own, so that Ctrl-C reaches it through us and in our order. Its lines are printed
 * by us, in their order.
 */
function start(name: 'core' | 'edge'): ChildProcess {
  const program = fileURLToPath(new URL(`../${name}/main.js`, import.meta.url));
  const child = spawn(process.execPath, [...NODE_OPTIONS[name], program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  });
  if (process.stdout.isTTY) child.stdout?.pipe(pretty({ ...prettyOptions, sync: true }), { end: false });
  else child.stdout?.pipe(process.stdout, { end: false });
  // Not 'exit', which may come before its last lines.
  child.once('close', (code, signal) => {
    if (stopping) return;
    const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
    process.stderr.write(`\nThe ${name} ${how}: see its last lines. ONE-PUSH stops.\n`);
    stop(code || 1);
  });
  return child;
}

/** Resolves with the addresses that the process says it listens on, once it is ready. */
async function ready(child: ChildProcess): Promise<Record<string, string>> {
  const [addresses] = await once(child, 'message');
  return addresses as Record<string, string>;
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const child of [edge, core]) {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'close');
    child.kill('SIGTERM');
    await gone;
  }
  process.exit(exitCode);
}
let core: ChildProcess | undefined;
let edge: ChildProcess | undefined;
process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));

core = start('core');
const { grpc = '', connect = '' } = await ready(core);
env.ONEPUSH_CORE_ADDRS ||= grpc;
edge = start('edge');
const { http = '' } = await ready(edge);
const port = http.slice(http.lastIndexOf(':') + 1);
const url = `http://127.0.0.1:${port}`;
while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
await sleep(LINES_WITHIN);
const [appId, appKey] = env.ONEPUSH_BOOTSTRAP_APP.split(':');

process.stdout.write(`
ONE-PUSH is running. Ctrl-C stops it.

  REST, WebSocket and the test page   ${url}/
  PushCore over gRPC                  ${grpc}
  PushCore over Connect               http://${connect}/
  app and key                         ${appId} ${appKey}
  admin token                         ${env.ONEPUSH_ADMIN_TOKEN}

Try it from another terminal, in this folder: register a device of alice's, listen as that device, send to alice.

  ID=$(curl -s ${url}/msgpush/register -H 'Content-Type: application/json' \\
    -d '{"alias":"alice","appId":"${appId}","platform":"ANDROID","nativeToken":"token-1"}' | grep -o '[0-9a-f]\\{32\\}')

  node dist/bin/listen.js ws://127.0.0.1:${port} $ID &

  curl -s ${url}/msgpush/send -H 'Content-Type: application/json' \\
    -d '{"appId":"${appId}","appKey":"${appKey}","audiences":["alice"],"alert":"Hello, Alice"}'

`);
