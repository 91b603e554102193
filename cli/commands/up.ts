import type { ChildProcess } from 'node:child_process';
import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress, reachableHost } from '../../common/settings/env.js';
import { systemReason } from '../../common/system-reason.js';
import type { CommandSpec, Context } from '../command.js';
import { EXITS } from '../exits.js';
import { Failure } from '../failure.js';
import { type Child, startChild } from '../up/child.js';
import { type UpSettings, upSettings } from '../up/settings.js';

/** In milliseconds: what the processes have written is on its way to us. */
const LINES_WITHIN = 100;
const LOOK_MS = 50;

/** `onepush up`: `make run`. */
export const up: CommandSpec = {
  name: 'up',
  summary: 'Starts a core and an edge on this machine; Ctrl-C stops the edge, then the core',
  example: 'onepush up',
  json: {
    http: 'http://127.0.0.1:8080',
    grpc: '127.0.0.1:9090',
    connect: 'http://127.0.0.1:9091',
    appId: 'testapp1',
    appKey: '…',
    adminToken: '…',
  },
  streams: true,
  async run(context) {
    const settings = upSettings(context.env);
    const lines = await linePrinter(context);
    const children: Child[] = [];
    const ends: Promise<{ code: number }>[] = [];
    let isStopping = false;
    const aborted = new Promise<'aborted'>((resolve) => {
      context.signal.addEventListener('abort', () => resolve('aborted'));
    });
    /** Resolves with what is waited for, unless Ctrl-C or the end of a process comes before. */
    const orEnd = <T>(wanted: Promise<T>) =>
      Promise.race([wanted.then((value) => ({ value })), aborted.then(() => ({ code: EXITS.ok.code })), ...ends]);
    const watch = (child: Child): void => {
      children.unshift(child);
      const end = child.ended.then(({ how, code }) => {
        if (context.signal.aborted || isStopping) return { code: EXITS.ok.code };
        const exit = code === EXITS.usage.code ? 'usage' : 'failed';
        throw new Failure(exit, `the ${child.name} ${how}`, 'See its last lines. ONE-PUSH stops.');
      });
      end.catch(() => {});
      ends.push(end);
    };
    try {
      const core = startChild('core', settings.core, lines);
      watch(core);
      const coreReady = await orEnd(core.ready);
      if ('code' in coreReady) return coreReady.code;
      const { grpc = '', connect = '' } = coreReady.value;
      const edge = startChild('edge', { ONEPUSH_CORE_ADDRS: reachable(grpc), ...withValues(settings.edge) }, lines);
      watch(edge);
      const edgeReady = await orEnd(edge.ready);
      if ('code' in edgeReady) return edgeReady.code;
      const { http = '' } = edgeReady.value;
      const url = `http${settings.isSecure ? 's' : ''}://${reachable(http)}`;
      const served = await orEnd(untilServed(url));
      if ('code' in served) return served.code;
      const isSecureCore = Boolean(settings.core.ONEPUSH_TLS_CERT);
      const places = { url, grpc: reachable(grpc), connect: `http${isSecureCore ? 's' : ''}://${reachable(connect)}` };
      tell(context, settings, places);
      const end = await orEnd(new Promise<never>(() => {}));
      return 'code' in end ? end.code : EXITS.ok.code;
    } finally {
      isStopping = true;
      // Every edge before its core.
      for (const child of children) await child.stop();
    }
  },
};

/** Prints the lines of processes in their order, for people on a terminal; with `--json` beside the results. */
async function linePrinter({ terminal }: Context): Promise<(child: ChildProcess) => void> {
  const output = terminal.isJson ? process.stderr : process.stdout;
  if (!output.isTTY) return ({ stdout }) => void stdout?.pipe(output, { end: false });
  const { default: pretty } = await import('pino-pretty');
  const { prettyOptions } = await import('../../common/logs/log.js');
  const destination = terminal.isJson ? 2 : 1;
  return ({ stdout }) => void stdout?.pipe(pretty({ ...prettyOptions, sync: true, destination }), { end: false });
}

/** Returns where this machine reaches what listens at an address. */
function reachable(address: string): string {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return formatAddress({ host: reachableHost(host), port: Number(address.slice(colon + 1)) });
}

/** An empty value counts as absent. */
function withValues(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

/** Resolves when the edge says that it is ready, whatever its certificate says: it is our own. */
async function untilServed(url: string): Promise<void> {
  const get = url.startsWith('https:') ? getSecurely : getPlainly;
  const isReady = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const request = get(`${url}/readyz`, { rejectUnauthorized: false, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      request.on('error', (error) => {
        const reason = systemReason(error) ?? 'no answer';
        reject(
          new Failure('unreachable', `the edge does not answer at ${url}: ${reason}`, 'Look at ONEPUSH_HTTP_LISTEN.'),
        );
      });
    });
  while (!(await isReady())) await sleep(LOOK_MS);
  await sleep(LINES_WITHIN);
}

function tell({ print }: Context, settings: UpSettings, places: { url: string; grpc: string; connect: string }): void {
  const { url, grpc, connect } = places;
  const { appId, appKey, adminToken, isForItself } = settings;
  const reach = isForItself ? '  (ONEPUSH_ALLOW_PLAINTEXT=1 lets other machines in)' : '';
  const console = settings.core.ONEPUSH_CONSOLE === '0' ? 'turned off' : `${connect}/console/`;
  const text = `
ONE-PUSH is running. Ctrl-C stops it.

  REST, WebSocket and the test page   ${url}/${reach}
  PushCore over gRPC                  ${grpc}
  PushCore over Connect               ${connect}/
  the operators' console              ${console}
  app and key                         ${appId} ${appKey}
  admin token                         ${adminToken}

Try it from another terminal, in this folder: register a device of alice's, listen as that device, send to alice.

  ID=$(curl -s ${url}/msgpush/register -H 'Content-Type: application/json' \\
    -d '{"alias":"alice","appId":"${appId}","platform":"ANDROID","nativeToken":"token-1"}' | grep -o '[0-9a-f]\\{32\\}')

  node dist/cli/main.js listen $ID --edge ${url} &

  curl -s ${url}/msgpush/send -H 'Content-Type: application/json' \\
    -d '{"appId":"${appId}","appKey":"${appKey}","audiences":["alice"],"alert":"Hello, Alice"}'
`;
  print({ http: url, grpc, connect, appId, appKey, adminToken }, text);
}
