import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from './attack.js';
import { dialMany, dialWebSocket, dropAll } from './sockets.js';

const silent: Attack = {
  name: 'more connections than descriptors',
  short: true,
  edgeDescriptors: 512,
  async strike({ http }, seconds) {
    const end = performance.now() + seconds * 1000;
    let count = 0;
    while (performance.now() < end) {
      const sockets = await dialMany(http, 600);
      count += sockets.length;
      await sleep(1000);
      dropAll(sockets);
    }
    return `${count} connections, 512 descriptors`;
  },
};

const turnedAway: Attack = {
  name: 'sockets that are turned away and stay',
  short: true,
  edgeDescriptors: 512,
  async strike({ http }, seconds) {
    const end = performance.now() + seconds * 1000;
    let count = 0;
    const held = new Set<NonNullable<Awaited<ReturnType<typeof dialWebSocket>>>>();
    while (performance.now() < end) {
      const some = await Promise.all(Array.from({ length: 50 }, () => dialWebSocket(http, 'malformed')));
      for (const socket of some) {
        if (socket === undefined) continue;
        // The server's end of the connection is not answered with an end of its own.
        socket.allowHalfOpen = true;
        socket.resume();
        held.add(socket);
        count++;
      }
      await sleep(50);
    }
    dropAll(held);
    return `${count} sockets, 512 descriptors`;
  },
};

/** What strangers do with connections alone. */
export const CONNECTION_ATTACKS: readonly Attack[] = [silent, turnedAway];
