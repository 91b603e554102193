import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.js';
import { dial, pour, repeat } from './sockets.js';

function pipelined(name: string, port: (target: Target) => Target['http'], short: boolean): Attack {
  return {
    name,
    short,
    async strike(target, seconds) {
      const requests = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3000);
      const connections = await repeat(seconds, 4, async () => {
        const socket = await dial(port(target));
        if (socket === undefined) return;
        socket.resume();
        await pour(socket, requests, 1000);
        await sleep(300);
        socket.resetAndDestroy();
      });
      return `${connections} connections of 3,000 requests`;
    },
  };
}

/** Many requests in one piece on connections whose answers are never read, and which stay open for a while. */
function unread(name: string, port: (target: Target) => Target['http'], path: string, short: boolean): Attack {
  return {
    name,
    short,
    async strike(target, seconds) {
      const requests = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3000);
      const connections = await repeat(seconds, 4, async () => {
        const socket = await dial(port(target));
        if (socket === undefined) return;
        socket.pause();
        await pour(socket, requests, 1000);
        await sleep(1000);
        socket.resetAndDestroy();
      });
      return `${connections} connections of up to 3,000 requests`;
    },
  };
}

/** What somebody does who has reached a port that is not for the public. */
export const OPS_ATTACKS: readonly Attack[] = [
  unread('answers of the Connect port nobody reads', ({ connect }) => connect, '/healthz', true),
  unread('metrics of the edge nobody reads', ({ edgeOps }) => edgeOps, '/metrics', false),
  unread('metrics of the core nobody reads', ({ coreOps }) => coreOps, '/metrics', false),
  pipelined('metrics of the edge, pipelined', ({ edgeOps }) => edgeOps, true),
  pipelined('metrics of the core, pipelined', ({ coreOps }) => coreOps, false),
];
