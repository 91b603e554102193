import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.js';
import { dial, dialMany, dropAll, ended, postOf, pour, repeat } from './sockets.js';

const POST = 'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** Many requests in one piece on connections that are never read, again with new ones where they are cut. */
function unread(name: string, request: string, short: boolean): Attack {
  const count = 19_000;
  return {
    name,
    short,
    async strike({ http }, seconds) {
      const all = Buffer.from(request.repeat(count));
      const connections = await repeat(seconds, 20, async () => {
        const socket = await dial(http);
        if (socket === undefined) return;
        socket.pause();
        await pour(socket, all, 1000);
        // What has been sent, and the answers, stay with the other side for a while.
        await sleep(500);
        socket.resetAndDestroy();
      });
      return `${connections} connections of up to ${count} requests`;
    },
  };
}

/** A request at a time, each in a packet of its own, without reading what is answered. */
const unreadOneByOne: Attack = {
  name: 'answers nobody reads, one request at a time',
  short: false,
  async strike({ http }, seconds) {
    let requests = 0;
    const sockets = await dialMany(http, 20);
    for (const socket of sockets) socket.setNoDelay(true).pause();
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      for (const socket of sockets) if (!socket.destroyed) socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      requests += sockets.length;
      await sleep(2);
    }
    dropAll(sockets);
    return `20 connections, ${requests} requests`;
  },
};

const crumbs: Attack = {
  name: 'bodies in chunks of one byte',
  short: true,
  async strike({ http }, seconds) {
    const body = Buffer.from(`${POST}Transfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(65_000)}`);
    const held = await dialMany(http, 160);
    await Promise.all(held.map((socket) => pour(socket, body, 1000)));
    const more = await repeat(seconds, 20, async () => {
      const socket = await dial(http);
      if (socket === undefined) return;
      await pour(socket, body, 1000);
      socket.resetAndDestroy();
    });
    dropAll(held);
    return `${held.length + more} bodies of 65,000 chunks`;
  },
};

const drip: Attack = {
  name: 'uploads that never end',
  short: false,
  async strike({ http }, seconds) {
    const sockets = await dialMany(http, 2000);
    for (const socket of sockets) socket.write(`${POST}Content-Length: 65000\r\n\r\n${'x'.repeat(40_000)}`);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await sleep(1000);
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
    }
    dropAll(sockets);
    return `${sockets.length} connections with 40 KB each, then a byte a second`;
  },
};

const halfOpen: Attack = {
  name: 'heads that never end',
  short: true,
  async strike({ http }, seconds) {
    const sockets = await dialMany(http, 3000);
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-A: b');
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await sleep(1000);
      for (const socket of sockets) if (!socket.destroyed) socket.write('b');
    }
    dropAll(sockets);
    return `${sockets.length} connections, a byte a second each`;
  },
};

/** One request after the other on new connections, as fast as they are answered. */
function flood(name: string, loops: number, request: () => string | Buffer): Attack {
  return {
    name,
    short: false,
    async strike({ http }, seconds) {
      const count = await repeat(seconds, loops, () => ask(http, request()));
      return `${count} requests`;
    },
  };
}

async function ask(to: Target['http'], request: string | Buffer): Promise<void> {
  const socket = await dial(to);
  if (socket === undefined) return;
  socket.write(request);
  socket.once('data', () => socket.destroy());
  await ended(socket, 2000);
  socket.destroy();
}

const manyMembers = postOf(
  '/msgpush/send',
  `{${Array.from({ length: 6500 }, (_, n) => `"k${n}":1`).join(',')},"appId":"testapp1"}`,
);
const deep = postOf('/msgpush/send', `{"extra":${'['.repeat(32_000)}${']'.repeat(32_000)}}`);
const brackets = postOf('/msgpush/send', `{"extra":[${`${'['.repeat(59)}${']'.repeat(59)},`.repeat(540)}0]}`);
let serial = 0;

const abortive: Attack = {
  name: 'requests that are aborted midway',
  short: false,
  async strike({ http }, seconds) {
    const whole = postOf(
      '/msgpush/send',
      JSON.stringify({ appId: 'testapp1', appKey: 'dkdka', audiences: ['x'], alert: 'a' }),
    );
    const count = await repeat(seconds, 50, async () => {
      const socket = await dial(http);
      const length = Math.ceil(Math.random() * whole.length);
      if (socket === undefined) return;
      await pour(socket, whole.slice(0, length), 1000);
      socket.resetAndDestroy();
    });
    return `${count} requests`;
  },
};

/** What strangers do to the REST side of the public port. */
export const HTTP_ATTACKS: readonly Attack[] = [
  unread('pages nobody reads, pipelined', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', true),
  unread('refusals nobody reads, pipelined', 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n', true),
  unread('HEAD, pipelined and unread', 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', false),
  unread('wrong bodies, pipelined and unread', `${POST}Content-Length: 1\r\n\r\nx`, false),
  unread(
    'bodies in chunks, pipelined and unread',
    `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    false,
  ),
  unread('two lengths, pipelined and unread', `${POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`, false),
  unreadOneByOne,
  crumbs,
  drip,
  halfOpen,
  abortive,
  flood('heads of 60 KB', 10, () => `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(60_000)}\r\n\r\n`),
  flood('20,000 query parameters', 10, () => `GET /msgpush.ws?${'a=b&'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  flood('objects of 6,500 members', 10, () => manyMembers),
  flood('bodies 32,000 levels deep', 10, () => deep),
  flood('bodies of 32,000 lists, 60 levels deep', 10, () => brackets),
  flood('registrations', 20, () =>
    postOf(
      '/msgpush/register',
      JSON.stringify({ alias: `flood${serial}`, appId: 'testapp1', platform: 'WEB', nativeToken: `flood${serial++}` }),
    ),
  ),
  flood('unregistrations of unknown devices', 20, () => postOf(`/msgpush/unregister/${'0'.repeat(32)}`, '{}')),
];
