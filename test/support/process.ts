import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { NODE_OPTIONS } from '../../common/node-options.js';
import { ROOT, requireDist } from './dist.js';
import { WAIT_MS } from './eventually.js';
import { guard } from './guard.js';
import { collectLines, type LineMatch } from './log-lines.js';

/** A core may wait 10 s for the lease of another one that stands still. */
const READY_TIMEOUT_MS = 45_000;
const STOP_TIMEOUT_MS = 30_000;

/** What edges show to cores, unless a test says otherwise. */
export const LINK_TOKEN = 'test-link-token-0123456789';

/** The processes of ONE-PUSH. */
export type ProcessName = 'core' | 'edge';

/** A core or an edge that has said that it is ready. */
export interface RunningProcess {
  readonly child: ChildProcess;
  /** The addresses that it listens on, as its "ready" line says: core `grpc` and `connect`, edge `http`, both `ops`. */
  readonly ready: Readonly<Record<string, string>>;
  /** Its last 5,000 lines on stdout (JSON) and stderr, the oldest first. */
  logs(): string[];
  /** SIGTERM; resolves to the exit code, null after a signal. After 30 s it kills and rejects. Twice is fine. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** The first line, past or to come, that matches; rejects after `timeoutMs` (WAIT_MS) or when the process ends. */
  waitForLog(match: LineMatch, timeoutMs?: number): Promise<string>;
}

/**
 * Starts `dist/<name>/main.js` with exactly this environment (and PATH, HOME and a link token), so that a developer's
 * own ONEPUSH_* variables change nothing. `descriptors`: the most files that it may have open. Rejects with the last
 * log lines when the process ends, or 45 s pass, before it is ready.
 */
export async function startProcess(
  name: ProcessName,
  env: Record<string, string>,
  options: { descriptors?: number | undefined } = {},
): Promise<RunningProcess> {
  requireDist();
  const command = [process.execPath, ...NODE_OPTIONS[name], '--enable-source-maps', `dist/${name}/main.js`];
  const limit = options.descriptors === undefined ? '' : `ulimit -n ${options.descriptors}; `;
  const child = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ONEPUSH_LOG_LEVEL: 'info',
      ONEPUSH_OPS_LISTEN: '127.0.0.1:0',
      ONEPUSH_LINK_TOKEN: LINK_TOKEN,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = collectLines([child.stdout, child.stderr]);
  // 'close', unlike 'exit', comes after the last byte of output.
  const closed = once(child, 'close').then(() => {
    lines.end(`${name} ended: code ${child.exitCode}, signal ${child.signalCode}`);
    return child.exitCode;
  });
  await once(child, 'spawn');
  child.once('exit', guard(child.pid));

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await closed;
  }

  const ready = await lines
    .waitFor((line) => parseReady(line) !== undefined, READY_TIMEOUT_MS)
    .catch(async (cause: Error) => {
      await kill();
      throw new Error(`${name} did not become ready: ${cause.message}`, { cause });
    });

  return {
    child,
    ready: parseReady(ready) ?? {},
    logs: lines.all,
    kill,
    async stop() {
      let overdue = false;
      const timer = setTimeout(() => {
        overdue = true;
        child.kill('SIGKILL');
      }, STOP_TIMEOUT_MS);
      child.kill('SIGTERM');
      const code = await closed;
      clearTimeout(timer);
      if (overdue) {
        const last = lines.all().slice(-30).join('\n');
        throw new Error(
          `${name} ran on for ${STOP_TIMEOUT_MS} ms after SIGTERM and was killed; the last lines:\n${last}`,
        );
      }
      return code;
    },
    waitForLog: (match, timeoutMs = WAIT_MS) => lines.waitFor(match, timeoutMs),
  };
}

/** The text fields of a "ready" line; undefined for any other line. */
function parseReady(line: string): Record<string, string> | undefined {
  if (!line.includes('"ready"')) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('msg' in entry) || entry.msg !== 'ready') return undefined;
    return Object.fromEntries(
      Object.entries(entry).filter((field): field is [string, string] => typeof field[1] === 'string'),
    );
  } catch {
    return undefined;
  }
}
