import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between an edge and its core, and does to their connections what networks do. */
export interface LinkProxy {
  /** Where the edge finds it, `host:port`. */
  readonly address: string;
  /** Cuts all connections with a reset; new ones are taken. */
  reset(): void;
  /** From here on nothing gets through, ends of connections included, and nobody is told; false lets all that was held through. */
  blackHole(on: boolean): void;
  /** Each byte takes so many milliseconds in each direction. */
  delay(milliseconds: number): void;
  stop(): Promise<void>;
}

interface Conditions {
  hole: boolean;
  delay: number;
}

/** @param target the core's `host:port`; nobody need listen there yet */
export async function startLinkProxy(target: string): Promise<LinkProxy> {
  const conditions: Conditions = { hole: false, delay: 0 };
  const sockets = new Set<Socket>();
  const pumps = new Set<() => void>();
  const [host = '', port = ''] = target.split(':');

  function watch(socket: Socket): void {
    socket.setNoDelay();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host, port: Number(port), allowHalfOpen: true });
    for (const socket of [near, far]) watch(socket);
    for (const pump of [carry(near, far, conditions), carry(far, near, conditions)]) {
      pumps.add(pump);
      near.on('close', () => setTimeout(() => pumps.delete(pump), conditions.delay + 1000).unref());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port: ownPort } = server.address() as AddressInfo;

  const pumpAll = (): void => {
    for (const pump of pumps) pump();
  };
  return {
    address: `127.0.0.1:${ownPort}`,
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    blackHole(on) {
      conditions.hole = on;
      pumpAll();
    },
    delay(milliseconds) {
      conditions.delay = milliseconds;
      pumpAll();
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** How much of one direction is held before its sender has to wait, in bytes. */
const MAX_HELD = 4 * 1024 * 1024;

/** Carries what `from` says to `to`, its end too. Returns what to call when the conditions have changed. */
function carry(from: Socket, to: Socket, conditions: Conditions): () => void {
  const held: { at: number; chunk: Buffer | 'end' | 'gone' }[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function add(chunk: Buffer | 'end' | 'gone'): void {
    held.push({ at: performance.now() + conditions.delay, chunk });
    if (typeof chunk !== 'string') bytes += chunk.length;
    if (bytes > MAX_HELD) from.pause();
    pump();
  }

  function pump(): void {
    clearTimeout(timer);
    while (!conditions.hole) {
      const next = held[0];
      if (next === undefined) break;
      const wait = next.at - performance.now();
      if (wait > 0) {
        timer = setTimeout(pump, Math.ceil(wait));
        return;
      }
      held.shift();
      if (next.chunk === 'end') to.end();
      else if (next.chunk === 'gone') to.destroy();
      else {
        bytes -= next.chunk.length;
        to.write(next.chunk);
      }
    }
    if (bytes <= MAX_HELD) from.resume();
  }

  from.on('data', (chunk: Buffer) => add(chunk));
  from.on('end', () => add('end'));
  from.on('close', (failed) => {
    if (failed) add('gone');
  });
  return pump;
}
