// Measures the device package beside others, all with their defaults in Node.js, and prints a table: their size in a
// page, the time until they are back after a cut, the time until they notice a silent network, and the times an hour at
// which something is sent or received while nothing happens. Seven minutes:
//     make build && node tools/compare/clients.mjs
// The other packages are installed into a folder of their own, which goes afterwards. ONE-PUSH and socket.io have their
// own servers; those of Centrifugo and Pusher are not on npm, so a few lines that speak their protocols stand for them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { WebSocket, WebSocketServer } from 'ws';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OTHERS = { centrifuge: '5.8.0', 'pusher-js': '8.6.0', 'socket.io-client': '4.8.4', 'socket.io': '4.8.4' };
const { IDLE_SECONDS = '180', CUTS = '6' } = process.env;
/** A connection that has held for so long was a good one, for all of them. */
const HELD_MS = 11_000;
const NOTICE_WITHIN_MS = 200_000;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'onepush-compare-'));
writeFileSync(join(folder, 'package.json'), '{"private":true}');
const wanted = Object.entries(OTHERS).map(([name, version]) => `${name}@${version}`);
const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
execFileSync('npm', ['install', ...quiet, ...wanted], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
const requireOther = createRequire(join(folder, 'x.js'));

async function sizeOf(contents, resolveDir) {
  const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', write: false };
  const { outputFiles } = await build({ stdin: { contents, resolveDir }, ...options });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/** Stands between a client and its server, and counts and ends what goes through. */
async function startProxy(port) {
  const pairs = new Set();
  let wakes = 0;
  let lastAt = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const pair = [client, upstream];
    pairs.add(pair);
    for (const [from, to] of [pair, pair.toReversed()]) {
      from.on('data', (data) => {
        // What is within a second is one wake of the radio.
        if (performance.now() - lastAt > 1_000) wakes += 1;
        lastAt = performance.now();
        to.write(data);
      });
      from.on('error', () => {});
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    takeWakes() {
      const counted = wakes;
      wakes = 0;
      return counted;
    },
    cut() {
      for (const [client] of pairs) client.destroy();
    },
    freeze() {
      for (const pair of pairs) for (const socket of pair) socket.removeAllListeners('data').pause();
    },
    close() {
      server.close();
      this.cut();
    },
  };
}

async function serveSockets(onConnection) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', onConnection);
  await once(server, 'listening');
  return { port: server.address().port, close: () => server.close() };
}

/** Each starts a server, and then a client that tells whether it is connected. */
const SUBJECTS = {
  '@one-push/device': {
    code: "export { createDevice } from '@one-push/device';",
    resolveDir: ROOT,
    server: 'its own',
    async serve() {
      const ports = ['GRPC', 'CONNECT', 'HTTP', 'OPS'].map((name) => [`ONEPUSH_${name}_LISTEN`, '127.0.0.1:0']);
      const database = { ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'onepush.db')}` };
      const env = { ...process.env, ...Object.fromEntries(ports), ...database };
      const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'up'], { env, cwd: folder });
      process.once('exit', () => child.kill());
      for await (const line of createInterface(child.stdout)) {
        const port = /"http":"127\.0\.0\.1:(\d+)"/.exec(line)?.[1];
        if (port !== undefined) {
          child.stdout.resume();
          return { port: Number(port), close: () => child.kill() };
        }
      }
      throw new Error('ONE-PUSH has not started');
    },
    async connect(port, changed) {
      const { createDevice } = await import('@one-push/device');
      const url = `http://127.0.0.1:${port}`;
      const device = createDevice({ url, appId: 'testapp1', alias: 'alice', platform: 'WEB', WebSocket });
      device.on('state', ({ name }) => changed(name === 'open'));
      device.connect();
      return () => device.close();
    },
  },
  'centrifuge-js': {
    code: "export { Centrifuge } from 'centrifuge';",
    resolveDir: folder,
    server: 'a stand-in, with the pings of Centrifugo: 25 s',
    serve: () =>
      serveSockets((socket) => {
        socket.on('message', (text) => {
          const { id, connect } = JSON.parse(String(text));
          if (connect === undefined) return;
          socket.send(JSON.stringify({ id, connect: { client: 'c', version: '6', ping: 25, pong: true } }));
        });
        const pings = setInterval(() => socket.send('{}'), 25_000);
        socket.on('close', () => clearInterval(pings));
      }),
    async connect(port, changed) {
      const { Centrifuge } = requireOther('centrifuge');
      const client = new Centrifuge(`ws://127.0.0.1:${port}`, { websocket: WebSocket });
      client.on('connected', () => changed(true)).on('connecting', () => changed(false));
      client.connect();
      return () => client.disconnect();
    },
  },
  'pusher-js': {
    code: "export { default } from 'pusher-js';",
    resolveDir: folder,
    server: "a stand-in, with Pusher's activity timeout: 120 s",
    serve: () =>
      serveSockets((socket) => {
        const data = JSON.stringify({ socket_id: '1.1', activity_timeout: 120 });
        socket.send(JSON.stringify({ event: 'pusher:connection_established', data }));
        socket.on('message', (text) => {
          if (JSON.parse(String(text)).event === 'pusher:ping') socket.send('{"event":"pusher:pong","data":{}}');
        });
      }),
    async connect(port, changed) {
      const Pusher = requireOther('pusher-js');
      const here = { wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'], cluster: 'x' };
      const client = new Pusher('key', here);
      client.connection.bind('state_change', ({ current }) => changed(current === 'connected'));
      return () => client.disconnect();
    },
  },
  'socket.io-client': {
    code: "export { io } from 'socket.io-client';",
    resolveDir: folder,
    server: 'its own',
    async serve() {
      const http = createHttpServer();
      const { Server } = requireOther('socket.io');
      const server = new Server(http);
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      return { port: http.address().port, close: () => server.close() };
    },
    async connect(port, changed) {
      const { io } = requireOther('socket.io-client');
      const socket = io(`http://127.0.0.1:${port}`);
      socket.on('connect', () => changed(true)).on('disconnect', () => changed(false));
      return () => socket.disconnect();
    },
  },
};

async function measure({ code, resolveDir, server, serve, connect: start }) {
  const bytes = await sizeOf(code, resolveDir);
  const running = await serve();
  const proxy = await startProxy(running.port);
  let isConnected = false;
  let tell = () => {};
  const stop = await start(proxy.port, (now) => {
    isConnected = now;
    tell();
  });
  const until = async (state) => {
    const startedAt = performance.now();
    while (isConnected !== state && performance.now() - startedAt < NOTICE_WITHIN_MS) {
      const timeout = sleep(1_000);
      await Promise.race([new Promise((resolve) => (tell = resolve)), timeout]);
    }
    return (performance.now() - startedAt) / 1_000;
  };
  await until(true);
  await sleep(2_000);
  proxy.takeWakes();
  await sleep(Number(IDLE_SECONDS) * 1_000);
  const wakesAnHour = Math.round((proxy.takeWakes() * 3_600) / Number(IDLE_SECONDS));
  // Before the cuts: a client may ask more often once a connection has broken.
  proxy.freeze();
  const noticed = await until(false);
  await until(true);
  const back = [];
  for (let cut = 0; cut < Number(CUTS); cut += 1) {
    await sleep(HELD_MS);
    const cutAt = performance.now();
    proxy.cut();
    await until(false);
    await until(true);
    // From the cut: one of them tells only of the next attempt that it is not connected.
    back.push((performance.now() - cutAt) / 1_000);
  }
  await stop();
  proxy.close();
  running.close();
  return { bytes, server, wakesAnHour, back: back.toSorted((a, b) => a - b), noticed };
}

try {
  const rows = await Promise.all(
    Object.entries(SUBJECTS).map(async ([name, subject]) => ({ name, ...(await measure(subject)) })),
  );
  const cells = rows.map(({ name, bytes, server, wakesAnHour, back, noticed }) => [
    `\`${name}\``,
    `${(bytes / 1_024).toFixed(1)} KB`,
    `${back[back.length >> 1].toFixed(1)} s; ${back.at(-1).toFixed(1)} s`,
    `${noticed.toFixed(0)} s`,
    String(wakesAnHour),
    server,
  ]);
  const head = [
    'package',
    'minified, gzipped',
    'back after a cut: median; longest',
    'a silent network noticed',
    'wakes in an idle hour',
    'server',
  ];
  for (const row of [head, head.map(() => '---'), ...cells]) console.log(`| ${row.join(' | ')} |`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
