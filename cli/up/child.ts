import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_OPTIONS } from '../../common/node-options.js';

/** A core or an edge that was started here. */
export interface Child {
  readonly name: 'core' | 'edge';
  /** Resolves with the addresses that it listens on, once it is ready. Never, if it ends before. */
  readonly ready: Promise<Record<string, string>>;
  /** Resolves with the words for its end, and its exit code, when its last line is written. */
  readonly ended: Promise<{ how: string; code: number }>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a process in a group of its own, so that Ctrl-C reaches it through us and in our order.
 *
 * @param lines takes its lines
 */
export function startChild(name: Child['name'], env: NodeJS.ProcessEnv, lines: (child: ChildProcess) => void): Child {
  const program = fileURLToPath(new URL(`../../${name}/main.js`, import.meta.url));
  const child = spawn(process.execPath, [...NODE_OPTIONS[name], program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  });
  lines(child);
  // Not 'exit', which may come before its last lines.
  const ended = once(child, 'close').then(([code, signal]) => ({
    how: code === null ? `was ended by ${signal}` : `ended with exit code ${code}`,
    code: typeof code === 'number' ? code : 1,
  }));
  return {
    name,
    ready: once(child, 'message').then(([addresses]) => addresses as Record<string, string>),
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
