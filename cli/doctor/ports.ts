import { createServer } from 'node:net';
import { type Address, formatAddress, reachableHost } from '../../common/settings/env.js';
import { systemReason } from '../../common/system-reason.js';
import { VERSION } from '../../common/version.js';
import { findPage } from './ask.js';
import { type Check, fail, ok, warn } from './check.js';
import { adviceOf } from './readiness.js';
import type { Configs } from './settings.js';

const OTHERS = 'Run the doctor with the environment of the processes: it sees other settings than theirs.';

/** Looks at the ports of both processes: free, or used by a core and an edge of this release that are ready. */
export async function checkPorts({ core, edge }: Configs): Promise<Check[]> {
  const found: Check[] = [];
  if (core !== undefined) {
    const { grpcListen, connectListen, opsListen, tls } = core;
    const ports = {
      ONEPUSH_GRPC_LISTEN: grpcListen,
      ONEPUSH_CONNECT_LISTEN: connectListen,
      ONEPUSH_OPS_LISTEN: opsListen,
    };
    found.push(...(await checkProcess('core', opsListen, tls !== undefined, ports)));
  }
  if (edge !== undefined) {
    const { httpListen, opsListen, tls } = edge;
    const ports = { ONEPUSH_HTTP_LISTEN: httpListen, ONEPUSH_OPS_LISTEN: opsListen };
    found.push(...(await checkProcess('edge', opsListen, tls !== undefined, ports)));
  }
  return found;
}

async function checkProcess(
  name: 'core' | 'edge',
  ops: Address,
  isSecure: boolean,
  ports: Readonly<Record<string, Address>>,
): Promise<Check[]> {
  const running = ops.port === 0 ? [] : await checkRunning(name, ops, isSecure);
  const checks = await Promise.all(
    Object.entries(ports).map(([setting, address]) =>
      checkPort(`port of the ${name}`, setting, address, running.length > 0),
    ),
  );
  return [...running, ...checks];
}

/** Asks the process that has the ops port; nothing where none of ours has it. */
async function checkRunning(name: string, ops: Address, isSecure: boolean): Promise<Check[]> {
  const place = formatAddress({ ...ops, host: reachableHost(ops.host) });
  const schemes = isSecure ? ['https', 'http'] : ['http', 'https'];
  const [url, version] = (await findFirst(schemes.map((scheme) => `${scheme}://${place}`))) ?? [];
  if (version === undefined) return [];
  const ready = await findPage(`${url}/readyz`);
  const says = `${name} ${version} is running`;
  const differs = url?.startsWith('https') !== isSecure;
  return [
    ...(differs ? [warn(name, `it runs ${isSecure ? 'without' : 'with'} TLS: its settings are others`, OTHERS)] : []),
    version === VERSION
      ? ok(name, says)
      : warn(name, `${says}, and this is ${VERSION}`, 'Core, edges and this command are upgraded together.'),
    ready?.status === 200
      ? ok(name, 'it is ready')
      : fail(name, `it is not ready: ${(ready?.text ?? 'no answer').trim()}`, adviceOf(ready?.text ?? '')),
  ];
}

/** Finds the first URL where a process of ours answers, and its version. */
async function findFirst(urls: readonly string[]): Promise<readonly [string, string] | undefined> {
  for (const url of urls) {
    const metrics = await findPage(`${url}/metrics`);
    const version = /^onepush_build_info\{[^}]*version="([^"]*)"/m.exec(metrics?.text ?? '')?.[1];
    if (version !== undefined) return [url, version];
  }
  return undefined;
}

async function checkPort(name: string, setting: string, address: Address, isRunning: boolean): Promise<Check> {
  const place = `${formatAddress(address)} (${setting})`;
  const error = await listenOnce(address);
  if (error === undefined) return ok(name, `${place} is free`);
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  if (isTaken && isRunning) return ok(name, `${place} is in use by what is running`);
  return fail(
    name,
    `cannot listen on ${place}: ${systemReason(error) ?? 'unknown'}`,
    adviceOnPort(setting, 'code' in error ? error.code : undefined),
  );
}

function adviceOnPort(setting: string, code: unknown): string {
  if (code === 'EADDRINUSE') return `End what has it, or give ${setting} another port.`;
  if (code === 'EACCES')
    return `Ports below 1024 need a right (docs/operations.md, TLS): or give ${setting} another port.`;
  return `Give ${setting} an address of this machine.`;
}

function listenOnce({ host, port }: Address): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
