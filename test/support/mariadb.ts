import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createDatabase, dropDatabase, ping } from './database.js';
import { guard } from './guard.js';
import { findMariadbBinaries, type MariadbBinaries } from './mariadb-binaries.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

/** A private MariaDB server on 127.0.0.1: its own data directory, port and unix socket, user root, no password. */
export interface Mariadb {
  /** `mysql://root@127.0.0.1:<port>/<database>`; an empty name gives the server itself. */
  url(database: string): string;
  /** The process that serves now; another after a restart. */
  readonly pid: number | undefined;
  /** Creates an empty utf8mb4 database; rejects when it exists. */
  createDatabase(name: string): Promise<void>;
  /** Drops a database; an unknown one is fine. */
  dropDatabase(name: string): Promise<void>;
  /** Shuts down in order and removes the data. Twice is fine; nothing else may follow. */
  stop(): Promise<void>;
  /** SIGKILL: what a crash leaves on disk stays there for `restart`. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  /** SIGCONT: ends `freeze`. */
  thaw(): void;
  /** Starts again on the same data and port, after a `kill` or, with an orderly shutdown first, while running. */
  restart(): Promise<void>;
}

/** The path of the MariaDB server program, or undefined where none is usable (see `findMariadbBinaries`). */
export function findMariadbd(): string | undefined {
  return findMariadbBinaries()?.server;
}

/**
 * Starts a private server; rejects with the end of its error log when it does not come up within 30 seconds.
 *
 * @param options of the server program; stronger than ours
 */
export async function startMariadb(options: readonly string[] = []): Promise<Mariadb> {
  const binaries = findMariadbBinaries();
  if (!binaries) throw new Error('no MariaDB server found: install mariadb-server or set MARIADBD_PATH');
  const directory = await mkdtemp(join(tmpdir(), 'onepush-db-'));
  try {
    await install(binaries, directory);
    return await serve(binaries, directory, await freePort(), options);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function serve(
  binaries: MariadbBinaries,
  directory: string,
  port: number,
  options: readonly string[],
): Promise<Mariadb> {
  const url = (database: string) => `mysql://root@127.0.0.1:${port}/${database}`;
  const launched = () => launch(binaries.server, directory, port, url(''), options);
  let child = await launched();

  async function shutDown(): Promise<void> {
    if (hasExited(child)) return;
    const exit = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    await exit;
    clearTimeout(timer);
  }

  return {
    url,
    get pid() {
      return child.pid;
    },
    createDatabase: (name) => createDatabase(url(''), name),
    dropDatabase: (name) => dropDatabase(url(''), name),
    async stop() {
      await shutDown();
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => destroy(child),
    freeze() {
      child.kill('SIGSTOP');
      // The signal takes effect some time later.
      const state = () => execFileSync('ps', ['-o', 'state=', '-p', String(child.pid)], { encoding: 'utf8' });
      let stopped = false;
      while (!stopped) stopped = state().startsWith('T');
    },
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await shutDown();
      child = await launched();
    },
  };
}

/** Ports below the range that the system gives out itself, so that nothing takes the port between kill and restart. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

/** The server refuses to run as root unless told so. */
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

/** A server that starts removes the temporary tables that it finds, those of another run too if they share a folder. */
function ownTemporary(directory: string): string {
  return `--tmpdir=${directory}`;
}

async function install({ installer }: MariadbBinaries, directory: string): Promise<void> {
  const auth = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  const options = [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    ownTemporary(directory),
    ...auth,
    ...asRoot,
  ];
  const run = promisify(execFile)(installer, options, { timeout: 60_000 });
  const release = guard(run.child.pid, directory);
  await run.finally(release);
}

async function launch(
  server: string,
  directory: string,
  port: number,
  url: string,
  options: readonly string[],
): Promise<ChildProcess> {
  const log = join(directory, 'error.log');
  const place = [`--datadir=${join(directory, 'data')}`, `--socket=${join(directory, 's')}`, `--log-error=${log}`];
  const network = ['--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve', '--max-connections=400'];
  const storage = ['--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=1', '--skip-log-bin'];
  const files = [`--pid-file=${join(directory, 'pid')}`, ownTemporary(directory)];
  const child = spawn(server, ['--no-defaults', ...asRoot, ...place, ...files, ...network, ...storage, ...options], {
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  child.once('exit', guard(child.pid, directory));
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await ping(url))) {
    if (hasExited(child) || performance.now() > deadline) {
      await destroy(child);
      const text = await readFile(log, 'utf8').catch(() => '(no error log)');
      throw new Error(`${server} did not start:\n${text.split('\n').slice(-40).join('\n')}`);
    }
    await sleep(25);
  }
  return child;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function destroy(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
