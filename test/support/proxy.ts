import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between an edge and its core, or a core and its database, and does to their connections what networks do. */
export interface TcpProxy {
  /** Where it is reached in place of its target, `host:port`. */
  readonly address: string;
  /** Cuts all connections with a reset; new ones are taken. */
  reset(): void;
  /**
   * From here on nothing gets through, ends of connections included, and nobody is told; false lets all that was held
   * through.
   */
  blackHole(on: boolean): void;
  /**
   * From here on the connections that are open now are black: what they carry is held, of the answers alone or of both
   * directions, while new connections work. Call what it returns to let through all that was held.
   */
  strand(what: 'answers' | 'everything'): () => void;
  /**
   * The next connection on which a piece that passes is sent becomes black: its requests from that piece on, or its
   * answers. Resolves when it has, with what lets through all that was held.
   */
  strandAt(passes: (piece: string) => boolean, what: Carrier['carries']): Promise<() => void>;
  /** Each byte takes so many milliseconds in each direction. */
  delay(milliseconds: number): void;
  stop(): Promise<void>;
}

interface Conditions {
  hole: boolean;
  delay: number;
  /** Told of each piece of a request before it is sent on. */
  listen: ((piece: string, carrier: Carrier) => void) | undefined;
}

/** One direction of a connection. */
interface Carrier {
  readonly carries: 'requests' | 'answers';
  stranded: boolean;
  /** The same connection's other direction. */
  back: Carrier | undefined;
  /** To be called when the conditions have changed. */
  pump(): void;
}

/** @param target `host:port`; nobody need listen there yet */
export async function startProxy(target: string): Promise<TcpProxy> {
  const conditions: Conditions = { hole: false, delay: 0, listen: undefined };
  const sockets = new Set<Socket>();
  const carriers = new Set<Carrier>();
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
    const [there, back] = [carry(near, far, 'requests', conditions), carry(far, near, 'answers', conditions)];
    there.back = back;
    for (const carrier of [there, back]) {
      carriers.add(carrier);
      far.on('close', () => setTimeout(() => carriers.delete(carrier), conditions.delay + 1000).unref());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port: ownPort } = server.address() as AddressInfo;

  const pumpAll = (): void => {
    for (const { pump } of carriers) pump();
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
    strand: (what) => strand([...carriers].filter(({ carries }) => what === 'everything' || carries === 'answers')),
    strandAt: (passes, what) =>
      new Promise((resolve) => {
        conditions.listen = (piece, requests) => {
          const carrier = what === 'requests' ? requests : requests.back;
          if (carrier === undefined || !passes(piece)) return;
          conditions.listen = undefined;
          resolve(strand([carrier]));
        };
      }),
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

/** Returns the URL of a server, as it is reached through a proxy. */
export function through(url: string, address: string): string {
  const proxied = new URL(url);
  proxied.host = address;
  return proxied.href;
}

/** Returns what ends it. */
function strand(carriers: readonly Carrier[]): () => void {
  for (const carrier of carriers) carrier.stranded = true;
  return () => {
    for (const carrier of carriers) {
      carrier.stranded = false;
      carrier.pump();
    }
  };
}

/** How much of one direction is held before its sender has to wait, in bytes. */
const MAX_HELD = 4 * 1024 * 1024;

/** Carries what `from` says to `to`, its end too. */
function carry(from: Socket, to: Socket, carries: Carrier['carries'], conditions: Conditions): Carrier {
  const carrier: Carrier = { carries, stranded: false, back: undefined, pump };
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
    while (!conditions.hole && !carrier.stranded) {
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

  from.on('data', (chunk: Buffer) => {
    if (carries === 'requests') conditions.listen?.(chunk.toString('latin1'), carrier);
    add(chunk);
  });
  from.on('end', () => add('end'));
  from.on('close', (failed) => {
    if (failed) add('gone');
  });
  return carrier;
}
