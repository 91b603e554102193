import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Target } from './attack.js';
import { answered, dialWebSocket, dropAll, pour, repeat, textFrame } from './sockets.js';

const FRAMES = 50_000;

async function open({ http }: Target, deviceId: string): Promise<Socket | undefined> {
  const socket = await dialWebSocket(http, deviceId);
  if (socket === undefined || !(await answered(socket))) return undefined;
  socket.resume();
  return socket;
}

/** Sockets that send frames as fast as they are taken, and connect again when they are closed. */
function framesOf(name: string, devices: number, frame: (n: number) => string | Buffer, short: boolean): Attack {
  return {
    name,
    short,
    devices,
    async strike(target, seconds) {
      const frames = Buffer.concat(
        Array.from({ length: FRAMES }, (_, n) => {
          const made = frame(n);
          return typeof made === 'string' ? textFrame(made) : made;
        }),
      );
      let turn = 0;
      const connections = await repeat(seconds, devices, async () => {
        const socket = await open(target, target.deviceIds[turn++ % devices] ?? '');
        if (socket === undefined) return;
        await pour(socket, frames, 2000);
        socket.resetAndDestroy();
      });
      return `${devices} devices, ${connections} connections of up to ${FRAMES} frames`;
    },
  };
}

const reconnecting: Attack = {
  name: 'confirmations of nothing, by reconnecting',
  short: true,
  devices: 10,
  async strike(target, seconds) {
    let turn = 0;
    const connections = await repeat(seconds, 10, async () => {
      const socket = await open(target, target.deviceIds[turn++ % 10] ?? '');
      if (socket === undefined) return;
      const frames = Array.from({ length: 1000 }, (_, n) => textFrame(`CFM:${Date.now() * 4096 + n}`));
      await pour(socket, Buffer.concat(frames), 2000);
      await sleep(20);
      socket.resetAndDestroy();
    });
    return `10 devices, ${connections} connections of 1,000 confirmations`;
  },
};

const strangers: Attack = {
  name: 'frames of devices that do not exist',
  short: false,
  async strike(target, seconds) {
    const frames = Buffer.concat(Array.from({ length: 2000 }, () => textFrame('HBT')));
    const connections = await repeat(seconds, 20, async () => {
      const socket = await open(target, randomBytes(16).toString('hex'));
      if (socket === undefined) return;
      await pour(socket, frames, 2000);
      socket.resetAndDestroy();
    });
    return `${connections} connections of 2,000 frames`;
  },
};

const deaf: Attack = {
  name: 'pings of sockets that read nothing',
  short: false,
  devices: 20,
  async strike(target, seconds) {
    const sockets: Socket[] = [];
    for (const id of target.deviceIds) {
      const socket = await open(target, id);
      if (socket !== undefined) sockets.push(socket.pause());
    }
    const ping = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x89, 0x80, 0, 0, 0, 0])));
    const end = performance.now() + seconds * 1000;
    let pings = 0;
    while (performance.now() < end) {
      await Promise.all(sockets.map((socket) => pour(socket, ping, 200)));
      pings += 20_000 * sockets.length;
      await sleep(50);
    }
    dropAll(sockets);
    return `${sockets.length} sockets, up to ${pings} pings`;
  },
};

/** What strangers do to the WebSocket side of the public port. */
export const SOCKET_ATTACKS: readonly Attack[] = [
  framesOf('heartbeats as fast as they go', 20, () => 'HBT', true),
  framesOf('rubbish as fast as it goes', 20, (n) => `rubbish ${n}`, false),
  framesOf('confirmations of nothing', 20, (n) => `CFM:${n + 1}`, false),
  reconnecting,
  strangers,
  deaf,
];
