import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pretty from 'pino-pretty';
import { prettyOptions } from '../common/logs/log.js';
import { NODE_OPTIONS } from '../common/node-options.js';

const { ONEPUSH_HTTP_LISTEN, ONEPUSH_TLS_CERT, ONEPUSH_ALLOW_PLAINTEXT } = process.env;
/** Plain text, and nobody has allowed it beyond this machine. */
const isForItself = !ONEPUSH_HTTP_LISTEN && !ONEPUSH_TLS_CERT && ONEPUSH_ALLOW_PLAINTEXT !== '1';

/**
 * `make run`: a core and an edge on this machine, on the embedded defaults. Settings in the environment are kept.
 * Ctrl-C stops the edge, then the core.
 */
const env: NodeJS.ProcessEnv & { ONEPUSH_BOOTSTRAP_APP: string } = {
  ...process.env,
  ...(isForItself ? { ONEPUSH_HTTP_LISTEN: '127.0.0.1:8080' } : {}),
  ONEPUSH_BOOTSTRAP_APP: process.env.ONEPUSH_BOOTSTRAP_APP || 'testapp1:dkdka',
  ONEPUSH_ADMIN_TOKEN: process.env.ONEPUSH_ADMIN_TOKEN || randomBytes(18).toString('base64url'),
  ONEPUSH_LINK_TOKEN: process.env.ONEPUSH_LINK_TOKEN || randomBytes(18).toString('base64url'),
};

// A certificate is the edge's only, unless the link has one, too: nobody else need reach the core.
const coreEnv = env.ONEPUSH_LINK_TLS_CA ? env : { ...env, ONEPUSH_TLS_CERT: '', ONEPUSH_TLS_KEY: '' };

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
    env: name === 'core' ? coreEnv : env,
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

/** Asks the edge, whatever its certificate says: it is our own. */
function isReady(): Promise<boolean> {
  const get = ONEPUSH_TLS_CERT ? getSecurely : getPlainly;
  return new Promise((resolve, reject) => {
    const request = get(`${url}/readyz`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', reject);
  });
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
const end = ONEPUSH_TLS_CERT ? 's' : '';
const url = `http${end}://127.0.0.1:${port}`;
while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 50));
await sleep(LINES_WITHIN);
const [appId, appKey] = env.ONEPUSH_BOOTSTRAP_APP.split(':');

const reach = isForItself ? '  (ONEPUSH_ALLOW_PLAINTEXT=1 lets other machines in)' : '';

process.stdout.write(`
ONE-PUSH is running. Ctrl-C stops it.

  REST, WebSocket and the test page   ${url}/${reach}
  PushCore over gRPC                  ${grpc}
  PushCore over Connect               http${coreEnv.ONEPUSH_TLS_CERT ? 's' : ''}://${connect}/
  app and key                         ${appId} ${appKey}
  admin token                         ${env.ONEPUSH_ADMIN_TOKEN}

Try it from another terminal, in this folder: register a device of alice's, listen as that device, send to alice.

  ID=$(curl -s ${url}/msgpush/register -H 'Content-Type: application/json' \\
    -d '{"alias":"alice","appId":"${appId}","platform":"ANDROID","nativeToken":"token-1"}' | grep -o '[0-9a-f]\\{32\\}')

  node dist/bin/listen.js ws${end}://127.0.0.1:${port} $ID &

  curl -s ${url}/msgpush/send -H 'Content-Type: application/json' \\
    -d '{"appId":"${appId}","appKey":"${appKey}","audiences":["alice"],"alert":"Hello, Alice"}'

`);
