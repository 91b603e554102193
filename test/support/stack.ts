import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { type RunningProcess, startProcess } from './process.js';
import type { StoreKind } from './stores.js';

/** The app that every stack is born with. */
export const TEST_APP = { appId: 'testapp1', appKey: 'dkdka' } as const;
/** The admin token of every stack. */
export const ADMIN_TOKEN = 'test-admin-token-0123456789';

export interface StackOptions {
  /** The kind of its fresh database; sqlite by default. */
  store?: StoreKind;
  /** A database to use instead of a fresh one; it is left in place. Needed outside vitest. */
  databaseUrl?: string;
  /** Added to the core's environment, and stronger than the defaults. */
  coreEnv?: Record<string, string>;
  /** The same for the edge. */
  edgeEnv?: Record<string, string>;
  /** The most files that the edge may have open; by default as many as this process. */
  edgeDescriptors?: number;
}

/** One core and one edge on a database of their own, on ephemeral ports of 127.0.0.1. */
export interface Stack {
  /** The edge's REST, without a slash at the end. */
  readonly httpUrl: string;
  /** The edge's WebSocket endpoint, without the query: what `connectDevice` takes. */
  readonly wsUrl: string;
  /** The core's Connect endpoint, without a slash at the end. */
  readonly connectUrl: string;
  /** The core's gRPC address, `host:port`. */
  readonly grpcAddr: string;
  readonly adminToken: string;
  readonly databaseUrl: string;
  /** The current processes; another object after a restart. */
  readonly core: RunningProcess;
  readonly edge: RunningProcess;
  /**
   * Stops the core (unless it is gone already) and starts it on the same ports and database. Does not wait for the
   * edge.
   */
  restartCore(): Promise<void>;
  /** Stops the edge (unless it is gone already), starts it on the same port and waits until it is ready. */
  restartEdge(): Promise<void>;
  /** Resolves when the edge says that it is ready (`GET /readyz` is 200). */
  waitUntilReady(): Promise<void>;
  /**
   * Starts what is gone, lets go on what stands still, and waits until the edge is ready: before each test that shares a
   * stack with one that may have failed in the middle.
   */
  revive(): Promise<void>;
  /** Stops both, drops the database and, if any of that failed, rejects with the first error. */
  stop(): Promise<void>;
}

function isGone({ child }: RunningProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Starts a stack and resolves when its edge is attached and ready; what was started is stopped when that fails. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    return await assemble(options, cleanups);
  } catch (error) {
    await runAll(cleanups).catch(() => {});
    throw error;
  }
}

async function assemble(options: StackOptions, cleanups: (() => Promise<unknown>)[]): Promise<Stack> {
  const databaseUrl = options.databaseUrl ?? (await freshUrl(options.store ?? 'sqlite', cleanups));
  const coreEnv = {
    ONEPUSH_DATABASE_URL: databaseUrl,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ONEPUSH_BOOTSTRAP_APP: `${TEST_APP.appId}:${TEST_APP.appKey}`,
    ONEPUSH_ADMIN_TOKEN: ADMIN_TOKEN,
    ...options.coreEnv,
  };
  let core = await startProcess('core', coreEnv);
  cleanups.push(() => core.stop());
  const grpcAddr = address(core, 'grpc');
  const connectAddr = address(core, 'connect');

  const edgeEnv = {
    // Not port 0: uWebSockets does not set SO_REUSEADDR then, and a restart on the same port would fail.
    ONEPUSH_HTTP_LISTEN: `127.0.0.1:${await freePort()}`,
    ONEPUSH_CORE_ADDRS: grpcAddr,
    ...options.edgeEnv,
  };
  const limits = { descriptors: options.edgeDescriptors };
  let edge = await startProcess('edge', edgeEnv, limits);
  cleanups.push(() => edge.stop());
  const httpAddr = address(edge, 'http');

  async function waitUntilReady(): Promise<void> {
    const isReady = async () => (await fetch(`http://${httpAddr}/readyz`)).status === 200;
    await eventually(isReady, { timeoutMs: 30_000, message: 'GET /readyz of the edge to be 200' });
  }

  /** Resolves when the edge has seen that its core is gone, is gone itself, or a second has passed. */
  async function waitUntilAlone(): Promise<void> {
    const isAlone = async () => {
      const answer = await fetch(`http://${httpAddr}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(
        () => undefined,
      );
      return answer?.status !== 200;
    };
    await eventually(isAlone, { timeoutMs: 1000 }).catch(() => {});
  }

  async function restartCore(): Promise<void> {
    await core.stop();
    // Otherwise it may say for a moment that it is ready, because of the core that is gone.
    await waitUntilAlone();
    core = await startProcess('core', {
      ...coreEnv,
      ONEPUSH_GRPC_LISTEN: grpcAddr,
      ONEPUSH_CONNECT_LISTEN: connectAddr,
    });
  }

  async function restartEdge(): Promise<void> {
    await edge.stop();
    edge = await startProcess('edge', { ...edgeEnv, ONEPUSH_HTTP_LISTEN: httpAddr }, limits);
    await waitUntilReady();
  }
  await waitUntilReady();

  return {
    httpUrl: `http://${httpAddr}`,
    wsUrl: `ws://${httpAddr}/msgpush.ws`,
    connectUrl: `http://${connectAddr}`,
    grpcAddr,
    adminToken: coreEnv.ONEPUSH_ADMIN_TOKEN,
    databaseUrl,
    get core() {
      return core;
    },
    get edge() {
      return edge;
    },
    restartCore,
    restartEdge,
    async revive() {
      for (const { child } of [core, edge]) child.kill('SIGCONT');
      if (isGone(core)) await restartCore();
      if (isGone(edge)) await restartEdge();
      await waitUntilReady();
    },
    waitUntilReady,
    stop: () => runAll(cleanups),
  };
}

async function freshUrl(store: StoreKind, cleanups: (() => Promise<unknown>)[]): Promise<string> {
  // Loaded here because it needs vitest, which fault and benchmark programs run without.
  const { freshDatabase } = await import('./stores.js');
  const database = await freshDatabase(store);
  cleanups.push(() => database.drop());
  return database.url;
}

function address({ ready }: RunningProcess, name: string): string {
  const found = ready[name];
  if (!found) throw new Error(`no "${name}" in the ready line: ${JSON.stringify(ready)}`);
  return found;
}

/** Runs the cleanups, the last added first, each once and all of them whatever fails. */
async function runAll(cleanups: (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
