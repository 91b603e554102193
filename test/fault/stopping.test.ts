import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';
import { guard } from '../support/guard.js';
import { collectLines } from '../support/log-lines.js';
import { LINK_TOKEN, startProcess } from '../support/process.js';
import { CREDENTIALS, frame, openCall } from '../support/raw-grpc.js';
import { TEST_APP } from '../support/stack.js';
import { freshDatabase } from '../support/stores.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
const SEND = '/onepush.v1.PushCore/SendPush';
const HEAD = `POST ${SEND} HTTP/1.1\r\nHost: x\r\n`;
const BODY = `${HEAD}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"aud`;
/** Far below what a stop may take, ONEPUSH_DRAIN_SECONDS, and far above what one takes on a slow machine. */
const PROMPT_MS = 12_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A client that sends this, never closes its side, and reads. Resolves when it is connected. */
async function silent(address: string | undefined, bytes: string): Promise<Socket> {
  const [host, port] = (address ?? '').split(':');
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  return socket;
}

async function coreEnv(): Promise<Record<string, string>> {
  const database = await freshDatabase('sqlite');
  cleanups.push(() => database.drop());
  return {
    ONEPUSH_DATABASE_URL: database.url,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ONEPUSH_BOOTSTRAP_APP: `${TEST_APP.appId}:${TEST_APP.appKey}`,
    ONEPUSH_LINK_TOKEN: LINK_TOKEN,
    ONEPUSH_DRAIN_SECONDS: '30',
  };
}

async function msToStop(stop: () => Promise<number | null>): Promise<number> {
  const begun = performance.now();
  expect(await stop()).toBe(0);
  return performance.now() - begun;
}

it('a core is not kept by connections without a call, or with half of one', async () => {
  const core = await startProcess('core', await coreEnv());
  cleanups.push(() => core.kill());
  const { grpc, connect: http, ops } = core.ready;
  for (const bytes of ['', 'PRI * HT', PREFACE]) await silent(grpc, bytes);
  for (const bytes of ['', 'POST /', HEAD, BODY, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n']) await silent(http, bytes);
  for (const bytes of ['', 'GET /met']) await silent(ops, bytes);
  const session = connectHttp2(`http://${grpc}`);
  cleanups.push(() => session.destroy());
  session.on('error', () => {});
  const half = openCall(session, SEND, CREDENTIALS);
  half.stream.write(frame(new Uint8Array(1), { length: 100 }));
  const link = openCall(session, '/onepush.link.v1.EdgeLink/Attach', { authorization: `Bearer ${LINK_TOKEN}` });
  // Before the connection is there nothing is sent, but a ping.
  for (const { stream } of [half, link]) if (stream.pending) await once(stream, 'ready');
  await new Promise((resolve) => session.ping(resolve));
  expect(await msToStop(core.stop)).toBeLessThan(PROMPT_MS);
  // It may come again, and nothing of it was done.
  expect((await half.ended).status).toBe(14);
  await link.ended;
});

it('an edge is not kept by connections without a request, or with half of one', async () => {
  const edge = await startProcess('edge', { ONEPUSH_HTTP_LISTEN: '127.0.0.1:0', ONEPUSH_DRAIN_SECONDS: '30' });
  cleanups.push(() => edge.kill());
  const { http, ops } = edge.ready;
  for (const bytes of ['', 'GET / HTTP/1.1\r\nHost:', BODY]) await silent(http, bytes);
  for (const bytes of ['', 'GET /met']) await silent(ops, bytes);
  expect(await msToStop(edge.stop)).toBeLessThan(PROMPT_MS);
});

it('SIGTERM to the documented command stops the core in order', async () => {
  requireDist();
  const env = {
    ...(await coreEnv()),
    ONEPUSH_OPS_LISTEN: '127.0.0.1:0',
    PATH: process.env.PATH,
    HOME: process.env.HOME,
  };
  const npm = spawn('npm', ['run', '-s', 'core'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = collectLines([npm.stdout, npm.stderr]);
  // Not before all that it started has closed its output.
  const closed = once(npm, 'close');
  const ready: { pid: number } = JSON.parse(await lines.waitFor('"ready"', 45_000));
  cleanups.push(guard(ready.pid));
  npm.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(lines.all().at(-1)).toContain('"stopped"');
});
