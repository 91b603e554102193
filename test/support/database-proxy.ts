import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `lose`: the server carries it out and the answer is lost with the connection. `silence`: no answer comes. `stop`: it
 * does not get there.
 */
export type Trouble = 'lose' | 'silence' | 'stop';

/** Stands between a store and its database server, and does harm to the answers to chosen statements. */
export interface DatabaseProxy {
  /** The URL of the database through this. */
  url: string;
  /** Does harm to the next statements, sent in one piece, that contain this text. Once. */
  harm(text: string, trouble: Trouble): void;
  stop(): Promise<void>;
}

/** @param target the database's URL, `mysql://…` with host and port */
export async function startDatabaseProxy(target: string): Promise<DatabaseProxy> {
  const url = new URL(target);
  const { port, hostname } = url;
  const sockets = new Set<Socket>();
  let harm: { text: string; trouble: Trouble } | undefined;

  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let trouble: Trouble | undefined;
    for (const socket of [near, far]) {
      socket.setNoDelay();
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.on('data', (chunk) => {
      if (harm !== undefined && chunk.includes(harm.text)) {
        trouble = harm.trouble;
        harm = undefined;
        if (trouble === 'stop') return void near.destroy();
      }
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (trouble === undefined) near.write(chunk);
      else if (trouble === 'lose') near.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  return {
    url: url.href,
    harm(text, trouble) {
      harm = { text, trouble };
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
